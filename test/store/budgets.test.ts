/** What each call costs, counted at the front: round trips, and commands as they are billed (the script and its calls). */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

// The real clock, as in production: asking for the time is a command too.
const newProject = useProjects({ clock: "real" });

interface Cost {
  readonly trips: number;
  readonly billed: number;
}

/** A first call teaches Redis the script; what is counted is every later one. */
async function warm(project: Project): Promise<void> {
  await project.task();
  const { lease } = await project.claim("warm");
  await project.ok(heartbeat, { lease });
  await project.complete(lease);
  await project.ok(setSharedState, { key: "warm", value: 1 });
  await project.ok(getSharedState, { key: "warm" });
  await project.ok(getSharedState, { prefix: "" });
  await project.ok(getTaskStatus, { task_id: "r1t1" });
  await project.ok(listTasks, {});
}

async function cost(project: Project, act: () => Promise<unknown>): Promise<Cost> {
  project.upstash.stats.reset();
  await act();
  const { httpRequests, billed } = project.upstash.stats.snapshot();
  return { trips: httpRequests, billed };
}

const clock = z.tuple([z.tuple([z.coerce.number(), z.coerce.number()])]);

/** Until Redis' clock shows another millisecond: a lease that was given in this one cannot be renewed in it. */
async function nextMillisecond({ redis }: Project): Promise<void> {
  const time = async (): Promise<number> => {
    const [[seconds, microseconds]] = clock.parse(await redis.batch([["TIME"]]));
    return seconds * 1_000 + Math.floor(microseconds / 1_000);
  };
  const now = await time();
  while ((await time()) === now);
}

async function warmed(): Promise<Project> {
  const project = newProject();
  await warm(project);
  return project;
}

describe("the base case", () => {
  // EVALSHA, HMGET control, SET operation, XADD, HSET shard, ZADD line, HSET control
  const CREATE = 7;
  // EVALSHA, HMGET control, ZRANGE head, HMGET task, XADD, HSET shard, ZADD line, HSET control
  const CLAIM = 8;
  // Also HMGET of the task that the agent held last: its list is a hint, and the submit did not correct it.
  const CLAIM_AGAIN = CLAIM + 1;
  // EVALSHA, HMGET task and run, HMGET control, XADD, HSET shard, ZREM line
  const SUBMIT = 6;

  test("create, claim and submit take a round trip each, and at most 22 billed commands together", async () => {
    const project = await warmed();
    for (const due of [CLAIM, CLAIM_AGAIN, CLAIM_AGAIN]) {
      expect(await cost(project, () => project.task())).toEqual({ trips: 1, billed: CREATE });
      let lease = "";
      const claim = async (): Promise<void> => {
        ({ lease } = await project.claim("ada"));
      };
      expect(await cost(project, claim)).toEqual({ trips: 1, billed: due });
      const submit = (): Promise<unknown> => project.complete(lease, { small: true });
      expect(await cost(project, submit)).toEqual({ trips: 1, billed: SUBMIT });
    }
    expect(CREATE + CLAIM_AGAIN + SUBMIT).toBeLessThanOrEqual(22);
  });

  // Those of the submit; then HMGET agent, HMGET lanes, ZRANGE head, HMGET task, XADD, HSET shard, ZADD line, HSET control
  test("submit with poll_next takes one round trip for both", async () => {
    const project = await warmed();
    await project.task();
    await project.task();
    const { lease } = await project.claim("warm");
    const submit = { lease, status: "completed" as const, poll_next: true };
    expect(await cost(project, () => project.ok(submitResult, submit))).toEqual({
      trips: 1,
      billed: 14,
    });
  });

  // EVALSHA, HMGET control, ZRANGE head, TIME, HSET control; after a task of its own also HMGET of that
  test("a poll that finds nothing", async () => {
    const project = await warmed();
    expect(await cost(project, () => project.poll("warm"))).toEqual({ trips: 1, billed: 6 });
    expect(await cost(project, () => project.poll("warm"))).toEqual({ trips: 1, billed: 5 });
  });

  // EVALSHA, HMGET control, HMGET task, TIME, HSET shard, ZADD line, HSET control
  test("a poll that gives again what is held", async () => {
    const project = await warmed();
    await project.task();
    await project.claim("warm");
    await nextMillisecond(project);
    expect(await cost(project, () => project.claim("warm"))).toEqual({ trips: 1, billed: 7 });
  });

  // EVALSHA, HMGET task, HMGET control, TIME (or XADD), HSET shard, ZADD line
  test("a heartbeat, with and without something to tell", async () => {
    const project = await warmed();
    await project.task();
    const { lease } = await project.claim("warm");
    await nextMillisecond(project);
    expect(await cost(project, () => project.ok(heartbeat, { lease }))).toEqual({
      trips: 1,
      billed: 6,
    });
    await nextMillisecond(project);
    const tell = (): Promise<unknown> => project.ok(heartbeat, { lease, progress: 50 });
    expect(await cost(project, tell)).toEqual({ trips: 1, billed: 6 });
    // Who holds more is told of that too: HMGET of the others.
    await project.task();
    await project.poll("warm", { max_tasks: 2 });
    await nextMillisecond(project);
    expect(await cost(project, () => project.ok(heartbeat, { lease }))).toEqual({
      trips: 1,
      billed: 7,
    });
  });

  // Write: EVALSHA, HMGET control, HGET, SET operation, XADD, HSET; a new key also ZCARD and ZADD. Read: EVALSHA,
  // HMGET control, TIME, HMGET; a prefix also ZRANGE
  test("reads and writes of shared state", async () => {
    const project = await warmed();
    const write = (): Promise<unknown> => project.ok(setSharedState, { key: "k", value: 1 });
    expect(await cost(project, write)).toEqual({ trips: 1, billed: 8 });
    expect(await cost(project, write)).toEqual({ trips: 1, billed: 6 });
    const read = (): Promise<unknown> => project.ok(getSharedState, { key: "k" });
    expect(await cost(project, read)).toEqual({ trips: 1, billed: 4 });
    const find = (): Promise<unknown> => project.ok(getSharedState, { prefix: "k" });
    expect(await cost(project, find)).toEqual({ trips: 1, billed: 5 });
  });

  // EVALSHA, HMGET control, TIME, HMGET task; a list also HMGET runs
  test("status and list", async () => {
    const project = await warmed();
    const status = (): Promise<unknown> => project.ok(getTaskStatus, { task_id: "r1t1" });
    expect(await cost(project, status)).toEqual({ trips: 1, billed: 4 });
    expect(await cost(project, () => project.ok(listTasks, {}))).toEqual({ trips: 1, billed: 5 });
  });
});

describe("locks and keys cost only where they are used", () => {
  const options = { locks: ["src/a", "docs/"], concurrency_key: "deploy" };

  // Those of the base case; the claim also HMGET and HSET of the lock table, the submit HMGET and HDEL
  test("two commands for a claim, and two for a submit", async () => {
    const project = await warmed();
    expect(await cost(project, () => project.task({ options }))).toEqual({ trips: 1, billed: 7 });
    let lease = "";
    const claim = async (): Promise<void> => {
      ({ lease } = await project.claim("ada"));
    };
    expect(await cost(project, claim)).toEqual({ trips: 1, billed: 10 });
    expect(await cost(project, () => project.complete(lease))).toEqual({ trips: 1, billed: 8 });
  });

  // The claim reads ten blocked tasks in two goes, each HMGET records and HMGET locks, and parks them at once: HSET shards
  // and locks, ZADD line and parked. Freeing them reads the first eight waiters in one go.
  test("a few commands to park ten tasks, and to call the next one", async () => {
    const project = await warmed();
    const tasks = Array.from({ length: 11 }, (_, index) => [`k${index}`, []] as const);
    await project.ok(createWorkflow, {
      name: "Locked",
      agent_type: "implementation",
      tasks: tasks.map(([key]) => ({ key, task_description: key, options })),
    });
    const { lease } = await project.claim("warm");
    const parking = await cost(project, () => project.poll("bob"));
    expect(parking.trips).toBe(1);
    expect(parking.billed).toBeLessThanOrEqual(20);
    const freeing = await cost(project, () => project.complete(lease));
    expect(freeing.trips).toBe(1);
    expect(freeing.billed).toBeLessThanOrEqual(28);
  });
});

describe("failure and what people do about it", () => {
  const failed = { status: "failed", error: { message: "No.", category: "dependency" } } as const;

  // Those of a submit; also TIME, since the time of the next attempt is part of what is told, and HSET of the next deadline
  test("a failed attempt", async () => {
    const project = await warmed();
    await project.task();
    const { lease } = await project.claim("warm");
    expect(await cost(project, () => project.ok(submitResult, { lease, ...failed }))).toEqual({
      trips: 1,
      billed: 8,
    });
  });

  // EVALSHA, HMGET control, HMGET records, GET operation, XADD, SET operation, and writes of the shard, the line, the
  // dead letters and the control hash
  test("retry, discard and cancel take one round trip for up to 200 tasks", async () => {
    const project = await warmed();
    await project.graph(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, []])));
    const tasks = await project.poll("warm", { max_tasks: 10 });
    for (const { lease } of tasks) await project.bury(lease, "E1");
    const retry = (): Promise<unknown> => project.control("retry", { error_code: "E1" });
    await retry();
    for (const { lease } of await project.poll("warm", { max_tasks: 10 })) {
      await project.bury(lease, "E1");
    }
    const again = await cost(project, retry);
    expect(again.trips).toBe(1);
    expect(again.billed).toBeLessThanOrEqual(12);
    const task_ids = Array.from({ length: 20 }, (_, index) => `r2t${index + 1}`);
    const cancel = await cost(project, () => project.control("cancel", { task_ids }));
    expect(cancel.trips).toBe(1);
    expect(cancel.billed).toBeLessThanOrEqual(12);
  });

  // EVALSHA, HMGET control, TIME, ZRANGE and ZLEXCOUNT for each code, ZRANGE page, HMGET records
  test("the list of dead letters costs two commands for each code", async () => {
    const project = await warmed();
    for (const code of ["E1", "E2", "E3"]) {
      await project.task({ priority: 0 });
      await project.bury((await project.claim("warm")).lease, code);
    }
    const list = (): Promise<unknown> => project.ok(listTasks, { status: "dead_letter" });
    await list();
    const { trips, billed } = await cost(project, list);
    expect(trips).toBe(1);
    expect(billed).toBeLessThanOrEqual(5 + 2 * 3 + 3);
  });
});

test("a large context and a dependency's result cost one further round trip", async () => {
  const project = await warmed();
  const context = "x".repeat(LIMITS.inline_bytes);
  expect(await cost(project, () => project.task({ context }))).toEqual({ trips: 1, billed: 8 });
  const claimed: string[] = [];
  const claim = async (): Promise<void> => {
    claimed.push((await project.claim("warm")).lease);
  };
  expect(await cost(project, claim)).toMatchObject({ trips: 2 });
  await project.complete(claimed[0] ?? "", "result");
  await project.task({ dependencies: ["r2t1"] });
  expect(await cost(project, claim)).toMatchObject({ trips: 2 });
});

test("a workflow of 200 tasks is created in one round trip, at a cost that barely grows", async () => {
  const project = await warmed();
  const graph = (size: number) => () =>
    project.graph(
      Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, []])),
    );
  const small = await cost(project, graph(2));
  const large = await cost(project, graph(200));
  expect(small).toEqual({ trips: 1, billed: 7 });
  expect(large).toEqual({ trips: 1, billed: 9 });
});

// Five batches and the launch. In pieces of 400 arguments each task is written once, and those that the launch puts in
// their places once more, with their edges.
test("a workflow of 1,000 tasks is created in six round trips, at most 14 commands for each hundred tasks", async () => {
  const project = await warmed();
  const graph = (size: number) => () =>
    project.graph(
      Object.fromEntries(
        Array.from({ length: size }, (_, index) => [`k${index}`, index === 0 ? [] : ["k0"]]),
      ),
    );
  await graph(400)();
  const half = await cost(project, graph(600));
  const whole = await cost(project, graph(1_000));
  expect([half.trips, whole.trips]).toEqual([4, 6]);
  // Each batch also writes how many tasks its lanes have.
  expect(whole.billed).toBeLessThanOrEqual(135);
  expect(whole.billed - half.billed).toBeLessThanOrEqual(55);
});

test("an edge costs no command of its own", async () => {
  const project = await warmed();
  const graph = (width: number) => () =>
    project.graph(
      Object.fromEntries(
        Array.from({ length: 200 }, (_, index) => [
          `k${index}`,
          index < 100 ? [] : Array.from({ length: width }, (_, other) => `k${other}`),
        ]),
      ),
    );
  const some = await cost(project, graph(1));
  const many = await cost(project, graph(50));
  expect(some.trips).toBe(1);
  expect(many.trips).toBe(1);
  // 4,900 edges more, sent in pieces of 400 arguments, two of which are one edge.
  expect(many.billed - some.billed).toBeLessThanOrEqual(25);
});

test("a claim costs the same with 2,000 tasks in the line as with one", async () => {
  const project = await warmed();
  for (let run = 0; run < 10; run++) {
    await project.graph(
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, []])),
    );
  }
  expect(await cost(project, () => project.claim("ada"))).toEqual({ trips: 1, billed: 8 });
});

// Twice EVALSHA and HMGET of task, run and control, once HMGET schema, then what a submit writes.
test("a result schema costs its submit one further round trip", async () => {
  const project = await warmed();
  const schema = { options: { result_schema: { type: "object" } } };
  const submitNext = async (): Promise<Cost> => {
    expect(await cost(project, () => project.task(schema))).toEqual({ trips: 1, billed: 7 });
    const { lease } = await project.claim("warm");
    return cost(project, () => project.complete(lease, {}));
  };
  await submitNext();
  expect(await submitNext()).toEqual({ trips: 2, billed: 10 });
});

// Handing in also looks whether somebody waits for reviews, and writes a place. A claim of one reads the reviewed record too,
// and three texts in one further trip. A verdict is checked first: EVALSHA and three reads, then these again and the writes.
test("a review costs one further round trip when it is handed out, and one when its verdict comes", async () => {
  const project = await warmed();
  const review = { options: { review: { agent_type: "testing", criteria: "Good." } } };
  const round = async (): Promise<Cost[]> => {
    const made = await cost(project, () => project.task(review));
    const { lease } = await project.claim("warm");
    const handedIn = await cost(project, () => project.complete(lease, {}));
    const leases: string[] = [];
    const taken = await cost(project, async () => {
      leases.push((await project.claim("eve", { agent_type: "testing" })).lease);
    });
    const verdict = () => project.complete(leases[0] ?? "", { approved: true });
    return [made, handedIn, taken, await cost(project, verdict)];
  };
  await round();
  expect(await round()).toEqual([
    { trips: 1, billed: 7 },
    { trips: 1, billed: 8 },
    { trips: 2, billed: 11 },
    { trips: 2, billed: 12 },
  ]);
});

test("a visit of the watchdog that looks for agents that have gone costs one command more than a tick", async () => {
  const project = await warmed();
  await project.store.tick({ limit: 10, last: true, resend: true });
  const asTick = await cost(project, () => project.store.tick({ limit: 10, last: true }));
  const asWatchdog = await cost(project, () =>
    project.store.tick({ limit: 10, last: true, resend: true }),
  );
  expect(asWatchdog).toEqual({ trips: 1, billed: asTick.billed + 1 });
});
