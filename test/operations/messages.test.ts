/** Messages reach the worker of a task with its next replies, and whoever has the task after it. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { agentAlive } from "../../src/operations/agent-alive.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();
const HEARD = ["Message on r1t1: Use tabs."];

/** Ada works on r1t1, and was sent a message. */
async function messaged(project: Project): Promise<string> {
  await project.task();
  const { lease } = await project.claim("ada");
  expect(await send(project)).toEqual({ changed: ["r1t1"] });
  return lease;
}

function send(project: Project, text = "Use tabs.") {
  return project.control("message", { task_ids: ["r1t1"], text });
}

async function heard(project: Project, lease: string): Promise<string[] | undefined> {
  return (await project.ok(heartbeat, { lease })).notices;
}

type Told = Promise<object>;

/** Every call that the holder of a lease makes and keeps its task after. */
const CALLS: Record<string, (project: Project, lease: string) => Told> = {
  heartbeat: (project, lease) => project.ok(heartbeat, { lease }),
  poll_tasks: (project) => project.ok(pollTasks, { agent_id: "ada", wait_seconds: 0 }),
  alive: (project) => project.ok(agentAlive, { agent_id: "ada" }),
  "get_shared_state of a prefix": (project, lease) =>
    project.ok(getSharedState, { prefix: "", lease }),
  "get_shared_state of a key that is not": (project, lease) =>
    project.refusal(getSharedState, { key: "none", lease }),
  set_shared_state: (project, lease) => project.ok(setSharedState, { key: "k", value: 1, lease }),
  "set_shared_state that is refused": (project, lease) =>
    project.refusal(setSharedState, { key: "k", value: 1, if_version: 7, lease }),
  "submit_result that is refused": (project, lease) =>
    project.refusal(submitResult, { lease, status: "failed" }),
  "create_task of a child": (project, lease) =>
    project.ok(createTask, { agent_type: "testing", task_description: "Test.", lease }),
  "create_workflow of children": (project, lease) => {
    const tasks = [{ key: "a", task_description: "Test." }];
    return project.ok(createWorkflow, { name: "Tests", agent_type: "testing", tasks, lease });
  },
  "submit_result that waits for no children": (project, lease) =>
    project.refusal(submitResult, { lease, status: "waiting" }),
  "submit_result of another task, with poll_next": async (project) => {
    await project.task();
    const tasks = await project.poll("ada", { max_tasks: 2 });
    const lease = tasks.find((task) => task.lease.startsWith("r2t1"))?.lease ?? "";
    return project.ok(submitResult, { lease, status: "completed", poll_next: true });
  },
};

test.each(Object.entries(CALLS))("the reply of %s tells the message", async (_, call) => {
  const project = newProject();
  const lease = await messaged(project);
  expect(await call(project, lease)).toMatchObject({ notices: HEARD });
  expect(await project.record("r1t1")).toMatchObject({
    messages: [{ text: "Use tabs.", shown_at: project.now() }],
  });
  expect(await project.audit()).toEqual([]);
});

test("each reply of a minute tells the message again, since one may be lost; later ones do not", async () => {
  const project = newProject();
  const lease = await messaged(project);
  project.advance(600);
  expect(await heard(project, lease)).toEqual(HEARD);
  project.advance(59);
  expect(await heard(project, lease)).toEqual(HEARD);
  project.advance(1);
  expect(await heard(project, lease)).toBeUndefined();
});

test("an agent that lost its context is given all messages again with its task", async () => {
  const project = newProject();
  const lease = await messaged(project);
  await heard(project, lease);
  project.advance(100);
  const again = await project.ok(pollTasks, { agent_id: "ada", wait_seconds: 0 });
  expect(again.tasks).toMatchObject([{ lease, held: true, messages: ["Use tabs."] }]);
  expect(again.notices).toBeUndefined();
});

test("the worker after the one that was told is told as well", async () => {
  const project = newProject();
  const lease = await messaged(project);
  await heard(project, lease);
  await project.ok(submitResult, { lease, status: "released" });
  project.advance(100);
  expect(await project.claim("bob")).toMatchObject({ messages: ["Use tabs."] });
});

test("a message on a task that nobody works on waits for whoever will", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"] });
  const sent = { task_ids: ["r1t1", "r1t2"], text: "Use tabs." };
  expect(await project.control("message", sent)).toEqual({ changed: ["r1t1", "r1t2"] });
  const { lease, messages } = await project.claim("ada");
  expect(messages).toEqual(["Use tabs."]);
  await project.complete(lease);
  expect((await project.claim("bob")).messages).toEqual(["Use tabs."]);
  expect(await project.audit()).toEqual([]);
});

test("a message on a suspended task comes with the answer", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada");
  await project.ok(submitResult, { lease, status: "needs_input", question: "Which?" });
  await send(project);
  await project.control("answer", { task_ids: ["r1t1"], text: "This." });
  expect(await project.claim("ada")).toMatchObject({
    answers: [{ question: "Which?", answer: "This." }],
    messages: ["Use tabs."],
  });
});

test("the last five messages are kept, and the latest is told first", async () => {
  const project = newProject();
  const lease = await messaged(project);
  for (const text of ["1", "2", "3", "4", "5"]) await send(project, text);
  const told = (await heard(project, lease)) ?? [];
  expect(told).toEqual(["5", "4", "3", "2", "1"].map((text) => `Message on r1t1: ${text}`));
});

test("a message is an event without its text, and the task shows it with its age", async () => {
  const project = newProject();
  const lease = await messaged(project);
  const fact = factsOf(await project.dump()).at(-1);
  expect(fact).toMatchObject({ type: "message.sent", task_id: "r1t1" });
  expect(JSON.stringify(fact)).not.toContain("tabs");
  project.advance(5);
  await heard(project, lease);
  project.advance(2);
  expect(await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" })).toMatchObject({
    messages: [{ text: "Use tabs.", seconds_ago: 7, shown_seconds_ago: 2 }],
  });
});

test("long messages are cut with the way to all of them, and leave room for the task", async () => {
  const project = newProject();
  await project.task();
  for (let nth = 0; nth < 5; nth++) await send(project, "長".repeat(LIMITS.message_length));
  const claimed = await project.claim("ada");
  expect(claimed.task_description).toBe("Do it.");
  expect(claimed.cut).toContain("get_task_status");
  const { notices = [] } = await project.ok(heartbeat, { lease: claimed.lease });
  expect(notices[0]).toMatch(/^Message on r1t1: 長+… Read all of it: get_task_status/);
  expect(Buffer.byteLength(JSON.stringify(notices))).toBeLessThan(LIMITS.reply_bytes / 2);
});

describe("a message", () => {
  test.each(["completed", "cancelled"] as const)("to a %s task is refused", async (end) => {
    const project = newProject();
    await project.task();
    if (end === "cancelled") await project.control("cancel", { task_ids: ["r1t1"] });
    else await project.complete((await project.claim("ada")).lease);
    expect(await send(project)).toEqual({
      changed: [],
      refused: [{ task_id: "r1t1", reason: `it is ${end} already` }],
    });
  });

  test.each([
    ["without text", undefined, "message needs text"],
    ["that is too long", "x".repeat(LIMITS.message_length + 1), "at most 2000"],
  ])("%s is refused", async (_, text, says) => {
    const project = newProject();
    await project.task();
    const sent = { task_ids: ["r1t1"], ...(text && { text }) };
    await expect(project.control("message", sent)).rejects.toThrow(says);
  });

  test("sent twice with one idempotency key is there once", async () => {
    const project = newProject();
    await project.task();
    const sent = { task_ids: ["r1t1"], text: "Use tabs.", idempotency_key: "mine" };
    await project.control("message", sent);
    await project.control("message", sent);
    expect((await project.record("r1t1")).messages).toHaveLength(1);
  });
});
