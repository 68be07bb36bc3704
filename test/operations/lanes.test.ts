/** Who may have what: agent type, required capabilities, assignee, and how many lanes there may be. */
import { describe, expect, onTestFinished, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { tick } from "../../src/operations/tick.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

test("an agent gets tasks of its type only", async () => {
  const project = newProject();
  await project.task({ agent_type: "testing" });
  expect(await project.poll("ada")).toEqual([]);
  expect(await project.poll("bob", { agent_type: "testing" })).toHaveLength(1);
});

test("a task that requires capabilities goes to an agent that has all of them", async () => {
  const project = newProject();
  const id = await project.task({ options: { requires: ["node", "linux"] } });
  expect(await project.poll("ada", { capabilities: ["node"] })).toEqual([]);
  expect(await project.poll("bob")).toEqual([]);
  const [task] = await project.poll("eve", { capabilities: ["mac", "linux", "node"] });
  expect(task?.lease).toMatch(`${id}.1.`);
});

test("capabilities are remembered until the agent gives others, and an empty list takes them away", async () => {
  const project = newProject();
  await project.poll("ada", { capabilities: ["node"] });
  await project.task({ options: { requires: ["node"] } });
  const { lease } = await project.claim("ada");
  await project.complete(lease);
  await project.task({ options: { requires: ["node"] } });
  expect(await project.poll("ada", { capabilities: [] })).toEqual([]);
  expect(await project.poll("ada")).toEqual([]);
  expect(await project.audit()).toEqual([]);
});

test("an assignee's task goes to nobody else, and requires is still asked for", async () => {
  const project = newProject();
  const mine = await project.task({ options: { assignee: "ada" } });
  const hard = await project.task({ options: { assignee: "ada", requires: ["gpu"] } });
  expect(await project.poll("bob", { capabilities: ["gpu"] })).toEqual([]);
  expect((await project.claim("ada")).lease).toMatch(mine);
  await project.complete((await project.claim("ada")).lease);
  expect(await project.poll("ada")).toEqual([]);
  expect((await project.claim("ada", { capabilities: ["gpu"] })).lease).toMatch(hard);
});

test("the order holds across lanes", async () => {
  const project = newProject();
  const made: string[] = [];
  const kinds = [{}, { requires: ["a"] }, { assignee: "ada" }, { requires: ["b", "a"] }];
  for (let round = 0; round < 3; round++) {
    for (const options of kinds) {
      project.advance(1);
      made.push(await project.task({ options }));
    }
  }
  const tasks = await project.poll("ada", { capabilities: ["a", "b"], max_tasks: 10 });
  expect(tasks.map(({ lease }) => lease.split(".")[0])).toEqual(made.slice(0, 10));
});

test("a task that nobody here may have does not hold back the one behind it", async () => {
  const project = newProject();
  await project.task({ priority: 0, options: { requires: ["gpu"] } });
  await project.task({ priority: 0, options: { assignee: "bob" } });
  const open = await project.task();
  expect((await project.claim("ada")).lease).toMatch(open);
});

test("the same requirements in another order, or doubled, are the same lane", async () => {
  const project = newProject();
  await project.task({ options: { requires: ["a", "b"] } });
  await project.task({ options: { requires: ["b", "a", "b"] } });
  expect((await project.record("r1t1")).lane).toBe((await project.record("r2t1")).lane);
});

test("with more lanes than one claim compares, each lane still has its turn", async () => {
  const project = newProject();
  const capabilities = Array.from(
    { length: 2 * LIMITS.lanes_per_claim },
    (_, index) => `c${index}`,
  );
  const made: string[] = [];
  for (const capability of capabilities) {
    made.push(await project.task({ options: { requires: [capability] } }));
  }
  const claimed = new Set<string>();
  for (let turn = 0; turn < 3 * made.length && claimed.size < made.length; turn++) {
    for (const { lease } of await project.poll("ada", { capabilities })) {
      claimed.add(lease.split(".")[0] ?? "");
      await project.complete(lease);
    }
  }
  expect([...claimed].toSorted()).toEqual(made.toSorted());
});

test("who waits with more lanes than one claim compares looks again at once until it has seen all", async () => {
  const project = newProject();
  const capabilities = Array.from(
    { length: 3 * LIMITS.lanes_per_claim },
    (_, index) => `c${index}`,
  );
  await project.ok(createWorkflow, {
    name: "Lanes",
    agent_type: "implementation",
    tasks: capabilities.map((capability) => ({
      key: capability,
      task_description: "Do it.",
      options: { requires: [capability] },
    })),
  });
  await project.control("cancel", { run_id: "r1" });
  await tick(project.store);
  const look = async () => {
    const agent = {
      agent_id: "ada",
      agent_type: "implementation",
      capabilities,
      key_id: "key-1",
      max_tasks: 1,
      lease_seconds: 0,
      wait_ms: 30_000,
    };
    const reply = await project.store.poll({ agent, checks: ["check"] });
    if ("refused" in reply) throw new Error(reply.refused.refused);
    return reply.said;
  };
  for (const last of [3, 3]) {
    for (let looks = 1; looks <= last; looks++) {
      const { tasks, next_due, now } = await look();
      expect(tasks).toEqual([]);
      expect(next_due > 0 && next_due <= now).toBe(looks < last);
    }
  }
  const made = await project.task({ options: { requires: [`c${LIMITS.lanes_per_claim + 1}`] } });
  expect((await look()).tasks).toEqual([]);
  expect((await look()).tasks).toMatchObject([{ record: { task_id: made } }]);
});

/** Ada, who waits with more lanes than one claim compares, and looks when the test says so. */
async function adaWaits(project: Project) {
  const count = 2 * LIMITS.lanes_per_claim + 1;
  const capabilities = Array.from({ length: count }, (_, nth) => `c${nth}`);
  for (const capability of capabilities) {
    await project.task({ options: { requires: [capability] } });
    await project.complete((await project.claim("bob", { capabilities: [capability] })).lease);
  }
  const asked = { agent_id: "ada", agent_type: "implementation", capabilities, key_id: "key-1" };
  const wait = { max_tasks: 1, lease_seconds: 0, wait_ms: 30_000, poll: "wait-1" };
  return async (more = {}) => {
    const agent = { ...asked, ...wait, ...more };
    const reply = await project.store.poll({ agent, checks: ["check"] });
    if ("refused" in reply) throw new Error(reply.refused.refused);
    return reply.said;
  };
}

const GOES_ON = { continues: true, listens: true };

test("what comes between the first look of a wait and the one that notes it is found, in whichever lane", async () => {
  const project = newProject();
  const look = await adaWaits(project);
  expect((await look()).tasks).toEqual([]);
  const made = await project.task({ options: { requires: ["c0"] } });
  expect((await look(GOES_ON)).tasks).toMatchObject([{ record: { task_id: made } }]);
});

test("who is woken between two looks for what is in a lane that it has read begins with the first lane again", async () => {
  const project = newProject();
  const look = await adaWaits(project);
  const ear = await project.store.subscribe((await look()).channel);
  onTestFinished(() => ear.close());
  expect((await look(GOES_ON)).tasks).toEqual([]);
  const made = await project.task({ options: { requires: ["c0"] } });
  await ear.heard();
  expect((await look(GOES_ON)).tasks).toMatchObject([{ record: { task_id: made } }]);
});

describe("with as many lanes as there may be", () => {
  const name = "Lanes";
  const assigned = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      key: `k${index}`,
      agent_type: "implementation",
      task_description: "Do it.",
      options: { assignee: `agent-${from + index}` },
    }));

  async function forgotten(project: Project): Promise<void> {
    project.advance(LIMITS.run_kept_ms / 1000);
    for (let visits = 0; visits < 4; visits++) await tick(project.store);
    project.advance(LIMITS.tidy_each_ms / 1000);
    await tick(project.store);
    expect(await project.audit()).toEqual([]);
  }

  test("one that lost its last task to retention makes room, and no other", async () => {
    const project = newProject();
    await project.ok(createWorkflow, { name, tasks: assigned(0, LIMITS.lanes) });
    const last = `r1t${LIMITS.lanes}`;
    await project.fail((await project.claim("agent-0")).lease, { category: "permission" });
    const others = Array.from({ length: LIMITS.lanes - 2 }, (_, index) => `r1t${index + 2}`);
    await project.control("cancel", { task_ids: others });
    await project.complete((await project.claim(`agent-${LIMITS.lanes - 1}`)).lease);
    expect((await project.record(last)).status).toBe("completed");
    await project.refusal(createWorkflow, { name, tasks: assigned(500, 1) });
    await forgotten(project);
    const made = await project.ok(createWorkflow, { name, tasks: assigned(500, LIMITS.lanes - 1) });
    expect(await project.refusal(createWorkflow, { name, tasks: assigned(900, 1) })).toMatchObject({
      reason: "limit",
    });
    expect((await project.claim("agent-500")).lease).toMatch(`${made.run_id}t1.`);
    // The dead letter was kept, and so was its lane.
    await project.control("retry", { task_ids: ["r1t1"] });
    expect((await project.claim("agent-0")).lease).toMatch("r1t1.2.");
    expect(await project.audit()).toEqual([]);
  });

  test("one that a review waits in is kept for it", async () => {
    const project = newProject();
    const review = { agent_type: "testing", criteria: "Good?" };
    await project.task({ options: { review } });
    await project.complete((await project.claim("ada")).lease);
    await forgotten(project);
    expect(await project.poll("eve", { agent_type: "testing" })).toHaveLength(1);
    expect(await project.audit()).toEqual([]);
  });
});

test("a lane over the limit is refused, nothing is created, and known lanes still take tasks", async () => {
  const project = newProject();
  const tasks = Array.from({ length: LIMITS.lanes }, (_, index) => ({
    key: `k${index}`,
    task_description: "Do it.",
    options: { assignee: `agent-${index}` },
  }));
  await project.ok(createWorkflow, { name: "Lanes", agent_type: "implementation", tasks });
  const before = await project.dump();
  const refusal = await project.refusal(createTask, {
    agent_type: "implementation",
    task_description: "One too many.",
  });
  expect(refusal).toMatchObject({ reason: "limit", limit: LIMITS.lanes });
  expect(await project.dump()).toEqual(before);
  expect(await project.task({ options: { assignee: "agent-7" } })).toBe("r2t1");
  expect(await project.audit()).toEqual([]);
});
