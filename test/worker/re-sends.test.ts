/** What was done is done once, wherever the answer was lost on its way back. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { audit } from "../support/audit.ts";
import { factsOf } from "../support/dump.ts";
import { startReplyHolder } from "../support/reply-holder.ts";
import { useStack } from "../support/stack.ts";
import { apiOf, dumpOf, restCall } from "../support/worker-api.ts";

const road = await startReplyHolder();
afterAll(() => road.stop());
const stack = useStack({ bindings: { UPSTASH_REDIS_REST_URL: road.url } });
beforeEach(() => road.leadTo(stack().upstash.url));

interface Interruption {
  readonly args: object;
  /** By which the request to Redis is known. */
  readonly mark: string;
  readonly interrupt: () => Promise<void>;
}

/** Sends a tool call, and interrupts it when Redis has done it and the Worker has not heard of it. */
async function interrupted(
  tool: string,
  { args, mark, interrupt }: Interruption,
): Promise<number | "no answer"> {
  const held = road.holdNext(mark);
  const client = new AbortController();
  const url = `${stack().baseUrl}/v1/tools/${tool}`;
  const answer = fetch(url, { ...restCall("orchestrator", args), signal: client.signal }).then(
    ({ status }) => status,
    () => "no answer" as const,
  );
  await held.arrived;
  await interrupt();
  client.abort();
  held.release();
  return answer;
}

/** The part of a lease that nothing else has. */
const checkOf = (lease: string) => lease.slice(lease.lastIndexOf(".") + 1);
const nothing = async () => undefined;
const restart = async () => {
  await stack().killWorker();
  await stack().restartWorker();
};

async function events(type: string, task_id: string): Promise<number> {
  const facts = factsOf(await dumpOf(stack()));
  return facts.filter((fact) => fact["type"] === type && fact["task_id"] === task_id).length;
}

describe.each([
  ["the client hung up", nothing],
  ["the Worker was killed", restart],
])("when %s between Redis and reply,", (what, interrupt) => {
  const name = what.replaceAll(" ", "-");

  test("the next poll gives the same lease", async () => {
    const { task, poll, claim } = apiOf(stack());
    const task_id = await task(name);
    const args = { agent_id: `poller-${name}`, agent_type: name, wait_seconds: 0 };

    expect(await interrupted("poll_tasks", { args, mark: args.agent_id, interrupt })).toBe(
      "no answer",
    );

    const again = await claim(args.agent_id);
    expect(again).toMatchObject({ held: true, fence: "1.1" });
    expect(again.lease.startsWith(`${task_id}.1.`)).toBe(true);
    expect(await poll(`other-${name}`, { agent_type: name })).toEqual([]);
    expect(await events("task.claimed", task_id)).toBe(1);
  });

  test("the same submit gets the first outcome, and its effect happened once", async () => {
    const { ok, task, claim } = apiOf(stack());
    const task_id = await task(`submit-${name}`);
    const { lease } = await claim(`submitter-${name}`, { agent_type: `submit-${name}` });
    const args = { lease, status: "completed", result: { sum: 3 } };

    expect(await interrupted("submit_result", { args, mark: checkOf(lease), interrupt })).toBe(
      "no answer",
    );

    expect(await ok("submit_result", args)).toEqual({ task_id, status: "completed" });
    expect(await events("task.completed", task_id)).toBe(1);
    expect(await ok("get_task_status", { task_id })).toMatchObject({ result: { sum: 3 } });
  });

  test("the same creation under its idempotency key gives the first task", async () => {
    const { ok } = apiOf(stack());
    const args = {
      idempotency_key: `create-${name}`,
      agent_type: `created-${name}`,
      task_description: "Once",
    };

    expect(await interrupted("create_task", { args, mark: args.agent_type, interrupt })).toBe(
      "no answer",
    );

    const { task_id } = await ok("create_task", args);
    const { tasks } = await ok("list_tasks", { agent_type: args.agent_type });
    expect(tasks).toEqual([expect.objectContaining({ task_id })]);
  });

  test("nothing is out of order afterwards", async () => {
    expect(audit(await dumpOf(stack()))).toEqual([]);
  });
});

describe("a reply that the network loses", () => {
  test.each(["create_task", "poll_tasks", "submit_result"])(
    "goes unnoticed by the caller of %s: the Worker asks again",
    async (tool) => {
      const { task, claim, ok } = apiOf(stack());
      const agent_type = `lossy-${tool}`;
      const args = {
        create_task: async () => ({ agent_type, task_description: "Only one" }),
        poll_tasks: async () => {
          await task(agent_type);
          return { agent_id: agent_type, agent_type, wait_seconds: 0 };
        },
        submit_result: async () => {
          await task(agent_type);
          const { lease } = await claim(agent_type, { agent_type });
          return { lease, status: "completed" };
        },
      }[tool];
      const call = await args?.();
      stack().upstash.faults.add({ kind: "drop-reply", command: "evalsha", next: 2 });

      await ok(tool, call ?? {});

      const { tasks } = await ok("list_tasks", { agent_type });
      expect(tasks).toHaveLength(1);
      const facts = factsOf(await dumpOf(stack()));
      const task_id = (tasks as { task_id: string }[])[0]?.task_id;
      const told = facts.filter((fact) => fact["task_id"] === task_id).map(({ type }) => type);
      expect(new Set(told).size).toBe(told.length);
    },
  );

  test("each time it is asked for is a fault with an id, and the next poll gives what it claimed", async () => {
    const { call, task, claim } = apiOf(stack());
    const task_id = await task("unlucky");
    stack().upstash.faults.add({ kind: "drop-reply", command: "evalsha", next: 4 });

    const { body } = await call("poll_tasks", {
      agent_id: "unlucky-1",
      agent_type: "unlucky",
      wait_seconds: 0,
    });

    // A poll may wait, so its status may have gone out before anybody knew; the body says what it is in any case.
    expect(body).toMatchObject({ status: 500, reason: "fault", fault_id: expect.any(String) });
    const again = await claim("unlucky-1");
    expect(again).toMatchObject({ held: true, lease: expect.stringContaining(`${task_id}.1.`) });
  });
});

describe("the same submit", () => {
  test("twice gets the same answer and has one effect", async () => {
    const { ok, task, claim } = apiOf(stack());
    const task_id = await task("twice");
    const { lease } = await claim("twice", { agent_type: "twice" });
    const args = { lease, status: "completed", result: { n: 1 } };
    const first = await ok("submit_result", args);
    const before = await dumpOf(stack());

    expect(await ok("submit_result", { ...args, result: { n: 2 } })).toEqual(first);
    expect(await dumpOf(stack())).toEqual(before);
    expect(await ok("get_task_status", { task_id })).toMatchObject({ result: { n: 1 } });
  });

  test("ten times at once gets the same answer and has one effect", async () => {
    const { ok, task, claim } = apiOf(stack());
    const task_id = await task("tenfold");
    const { lease } = await claim("tenfold", { agent_type: "tenfold" });
    const submit = () => ok("submit_result", { lease, status: "completed" });

    const answers = await Promise.all(Array.from({ length: 10 }, submit));

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await events("task.completed", task_id)).toBe(1);
  });
});
