/** Rounds of review as agents see them, through real MCP clients of both eras, and the same over REST. */
import { expect, test } from "vitest";
import { type Answer, ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import { apiOf } from "../support/worker-api.ts";

const stack = useStack();

interface Given {
  readonly lease: string;
  readonly task_description: string;
  readonly [field: string]: unknown;
}

function taskIn({ isError, content }: Answer): Given {
  const [task] = content["tasks"] as readonly Given[];
  if (isError || !task) throw new Error(`nothing was handed out: ${JSON.stringify(content)}`);
  return task;
}

test.each(ERAS)(
  "over %s work is sent back twice, then accepted, and everybody reads why",
  async (era) => {
    const connect = (role: "worker" | "orchestrator") =>
      openMcpClient({ era, url: stack().mcpUrl, key: stack().keys[role] });
    const [maker, reviewer, boss] = await Promise.all([
      connect("worker"),
      connect("worker"),
      connect("orchestrator"),
    ]);
    const [making, reviewing] = [`making-${era}`, `reviewing-${era}`];
    const poll = { wait_seconds: 0 };
    const asMaker = { ...poll, agent_id: `m-${era}`, agent_type: making };
    const asReviewer = { ...poll, agent_id: `r-${era}`, agent_type: reviewing };
    // Many clients send an object as text.
    const review = { agent_type: reviewing, criteria: "It must be fast.", threshold: "0.8" };
    const made = await boss.call("create_task", {
      agent_type: making,
      task_description: "Sort it.",
      options: JSON.stringify({ review, delegation: null }),
    });
    const task_id = String(made.content["task_id"]);

    const handIn = async (result: object): Promise<void> => {
      const { lease } = taskIn(await maker.call("poll_tasks", asMaker));
      const submitted = await maker.call("submit_result", { lease, status: "completed", result });
      expect(submitted.content).toMatchObject({ task_id, status: "in_review" });
    };
    const judge = async (result: unknown): Promise<Answer> => {
      const { lease, task_description } = taskIn(await reviewer.call("poll_tasks", asReviewer));
      expect(task_description).toContain("Judge it by:\nIt must be fast.");
      return reviewer.call("submit_result", { lease, status: "completed", result });
    };

    await handIn({ n: 1 });
    const refused = await judge("Looks good to me.");
    expect([refused.isError, refused.content["reason"]]).toEqual([true, "result_schema"]);
    expect(refused.content["message"]).toContain("You still hold the task");
    const sentBack = await judge('{"approved": false, "score": null, "feedback": "Too slow. 🐢"}');
    expect(sentBack.content).toMatchObject({ reviewed: { task_id, status: "ready" } });

    const again = taskIn(await maker.call("poll_tasks", asMaker));
    expect(again).toMatchObject({ feedback: { reviews: [{ feedback: "Too slow. 🐢" }] } });
    await handIn({ n: 2 });
    await judge({ approved: true, score: 0.7, feedback: "Nearly." });
    await handIn({ n: 3 });
    const accepted = await judge({ approved: true, score: 0.9 });
    expect(accepted.content).toMatchObject({ reviewed: { task_id, status: "completed" } });

    const [run_id] = task_id.split("t");
    const told = await boss.call("wait_for_tasks", { run_id });
    expect(told.content).toMatchObject({ status: "completed", open: 0 });
    const status = await boss.call("get_task_status", { task_id, detail: "full" });
    expect(status.content).toMatchObject({
      result: { n: 3 },
      attempt: 3,
      review: { round: 3, sent_back: [{ feedback: "Too slow. 🐢" }, { feedback: "Nearly." }] },
    });
  },
);

test("over REST the same calls say the same, and a wait ends when a reviewer asks", async () => {
  const api = apiOf(stack());
  const options = { review: { agent_type: "rest-reviewer", criteria: "It must be right." } };
  const task_id = await api.task("rest-maker", { options });
  const { lease } = await api.claim("rest-m", { agent_type: "rest-maker" });
  await api.ok("submit_result", { lease, status: "completed", result: "\ud83d half" });

  const review = await api.claim("rest-r", { agent_type: "rest-reviewer" });
  expect(review.inputs).toEqual({ [task_id]: "\ufffd half" });
  const wrong = { lease: review.lease, status: "completed", result: { approved: 1 } };
  const refused = await api.call("submit_result", wrong);
  expect(refused.status).toBe(422);
  expect(refused.body).toMatchObject({ reason: "result_schema" });

  const [run_id = ""] = task_id.split("t");
  const wait = api.ok("wait_for_tasks", { task_ids: [task_id], wait_seconds: 40 });
  const question = "By which standard?";
  const asks = { lease: review.lease, status: "needs_input", question };
  await api.ok("submit_result", asks);
  const told = await wait;
  expect(told["needs_you"]).toMatchObject([
    { why: "question", text: expect.stringContaining(question) },
  ]);
  const [{ task_id: asking = "" } = {}] = told["needs_you"] as { task_id?: string }[];
  await api.ok("control_task", { action: "answer", task_ids: [asking], text: "Ours." });
  const last = await api.claim("rest-r");
  await api.ok("submit_result", {
    lease: last.lease,
    status: "completed",
    result: { approved: true },
  });
  expect(await api.ok("wait_for_tasks", { run_id, wait_seconds: 0 })).toMatchObject({
    status: "completed",
    completed: 2,
  });
  const late = await api.call("submit_result", asks);
  expect(late.body).toMatchObject({ status: "suspended" });
});

test("a worker's key reads any task of its project, and steers none", async () => {
  const worker = apiOf(stack(), "worker");
  const task_id = await apiOf(stack()).task("unclaimed");
  expect(await worker.ok("get_task_status", { task_id, detail: "why" })).toMatchObject({
    status: "ready",
    cause: "no_agent",
  });
  for (const [tool, args] of [
    ["control_task", { action: "cancel", task_ids: [task_id] }],
    ["wait_for_tasks", { task_ids: [task_id] }],
  ] as const) {
    const { status, body } = await worker.call(tool, args);
    expect([tool, status, body["reason"]]).toEqual([tool, 403, "role"]);
  }
});
