/** The history checker finds what it is there for: each test tells it of one broken promise. */
import { describe, expect, test } from "vitest";
import type { Fact } from "../support/history.ts";
import type { FinalTask } from "../support/history/final-state.ts";
import type { Body, Outcome, SeenCall } from "../support/seen-call.ts";
import { call, check, COMPLETED, create, LEASE, poll, SECOND, submit, task } from "./made-up.ts";

test("a history in which every promise was kept has no breaches", () => {
  const calls = [create("r1t1", "r1t1"), poll("ada", LEASE), submit("ada", LEASE, "x", COMPLETED)];
  expect(check({ calls, tasks: [task({ result: "x" })] })).toEqual([]);
});

describe("locks and keys", () => {
  const claimed = (task_id: string, at: number): Fact => ({
    at,
    type: "task.claimed",
    task_id,
    attempt: 1,
    agent_id: "ada",
  });
  const ended = (task_id: string, at: number): Fact => ({ at, type: "task.completed", task_id });
  const locked = (task_id: string, lock: string): FinalTask => task({ task_id, locks: [lock] });
  const keyed = (task_id: string): FinalTask => task({ task_id, concurrency_key: "deploy" });

  test("two holders of overlapping locks are one too many", () => {
    const facts = [claimed("r1t1", 1), claimed("r2t1", 2)];
    const said = check({ facts, tasks: [locked("r1t1", "src/"), locked("r2t1", "src/a")] });
    expect(said).toContain("doubled: r2t1 was claimed while r1t1 had an overlapping lock");
  });

  test("a key that is full is claimed by nobody else", () => {
    const facts = [claimed("r1t1", 1), claimed("r2t1", 2)];
    const said = check({ facts, tasks: [keyed("r1t1"), keyed("r2t1")] });
    expect(said).toContain("doubled: r2t1 was claimed while 1 others had the key deploy");
  });

  test("one after the other, and side by side, is as it should be", () => {
    const facts = [claimed("r1t1", 1), claimed("r3t1", 2), ended("r1t1", 3), claimed("r2t1", 4)];
    const tasks = [locked("r1t1", "src/"), locked("r2t1", "src/a"), locked("r3t1", "docs")];
    expect(check({ facts, tasks }).filter((text) => text.includes("claimed while"))).toEqual([]);
  });
});

describe("creations", () => {
  test("a task that was acknowledged and is not there is lost", () => {
    expect(check({ calls: [create("a", "r1t1")] })).toEqual(["lost: r1t1 was created and is gone"]);
  });

  test("two tasks for one request are one too many", () => {
    const tasks = ["r1t1", "r2t1"].map((task_id) =>
      task({ task_id, title: "a", status: "failed" }),
    );
    expect(check({ calls: [create("a", "r1t1")], tasks })).toEqual([
      'doubled: "a" was asked for 1 times and created as r1t1, r2t1',
    ]);
  });

  const flow = (titles: readonly string[], outcome: Outcome): SeenCall => {
    const tasks = titles.map((task_description) => ({ task_description }));
    return call("boss", "create_workflow", { name: "flow", tasks }, outcome);
  };
  const failed = (task_id: string, title: string): FinalTask =>
    task({ task_id, title, status: "failed" });

  test("half of a workflow is not all or nothing", () => {
    const calls = [flow(["a", "b"], { lost: "no answer" })];
    expect(check({ calls, tasks: [failed("r1t1", "a"), failed("r1t2", "b")] })).toEqual([]);
    expect(check({ calls })).toEqual([]);
    expect(check({ calls, tasks: [failed("r1t1", "a")] })).toEqual([
      "lost: r1 lacks 1 of the 2 tasks that were asked for",
    ]);
  });

  test("what was refused and is there all the same was refused untruly", () => {
    const refused = flow(["a"], { refused: { reason: "limit", message: "Too many." } });
    const tasks = [failed("r1t1", "a")];
    expect(check({ calls: [refused], tasks })).toEqual([
      'untrue: "a" was refused, and is there as r1t1',
    ]);
    expect(check({ calls: [refused, flow(["a"], { lost: "no answer" })], tasks })).toEqual([]);
  });

  test("events of a task that never came to be are untrue", () => {
    const facts = [{ at: 1, type: "task.created", task_id: "r9t1" }];
    expect(check({ facts })).toEqual([
      "untrue: events tell that r9t1 was created, and it is not there",
    ]);
  });

  test("one idempotency key that names two tasks has doubled", () => {
    const key = { idempotency_key: "k" };
    const calls = [create("a", "r1t1", key), create("a", "r2t1", key)];
    const tasks = [
      task({ title: "a", status: "failed" }),
      task({ task_id: "r2t1", title: "b", status: "failed" }),
    ];
    expect(check({ calls, tasks })).toEqual(["doubled: create_task k created r1t1 and then r2t1"]);
  });
});

describe("waits", () => {
  test("a ready task that somebody serves has no reason to wait", () => {
    const tasks = [task({ status: "ready", why: "Ready for 9 s: waits for an agent." })];
    expect(check({ tasks })).toEqual([
      "lost: r1t1 is ready without need: Ready for 9 s: waits for an agent.",
    ]);
    expect(check({ tasks, more: { served: [] } })).toEqual([]);
  });

  test("a task that is blocked by one that has ended waits for nothing", () => {
    const blocked = {
      task_id: "r1t2",
      status: "blocked",
      waits_for: "r1t1",
      why: "Waits for r1t1",
    };
    expect(check({ tasks: [task({ status: "failed" }), task(blocked)] })).toEqual([
      "lost: r1t2 is blocked without need: Waits for r1t1",
    ]);
  });

  test("a breaker whose probe has ended waits for ever", () => {
    const tasks = new Map([["r1t1", task({ status: "cancelled" })]]);
    const breakers = [{ of: "type:planning", state: "half_open", probe: "r1t1" }];
    expect(check({ more: { final: { tasks, breakers } } })).toEqual([
      "lost: the breaker type:planning waits for r1t1: cancelled",
    ]);
  });
});

describe("leases", () => {
  test("one attempt under two leases is doubled", () => {
    const calls = [poll("ada", LEASE), poll("bob", "r1t1.1.cccccccccc")];
    expect(check({ calls, tasks: [task({ status: "failed" })] })).toEqual([
      `doubled: r1t1.1 was leased as ${LEASE} and r1t1.1.cccccccccc`,
      "doubled: r1t1.1 was leased to ada and bob",
    ]);
  });

  test("an earlier attempt after a later one is doubled", () => {
    const calls = [poll("bob", SECOND), poll("ada", LEASE)];
    expect(check({ calls })).toEqual([`doubled: ada got ${LEASE} after bob had ${SECOND}`]);
  });

  test("a claim while another attempt is valid is doubled", () => {
    const claimed = { type: "task.claimed", task_id: "r1t1" };
    const facts = [
      { ...claimed, at: 1, attempt: 1, agent_id: "ada" },
      { ...claimed, at: 2, attempt: 2, agent_id: "bob" },
    ];
    expect(check({ facts })).toEqual(["doubled: bob got attempt 2 of r1t1 while 1 was valid"]);
  });

  test("a lease that ends before its promised time was a lie", () => {
    const granted = poll("ada", LEASE, 60);
    const lost = { type: "task.lease_lost", task_id: "r1t1", attempt: 1, agent_id: "ada" };
    const early = [{ ...lost, at: granted.began + 59_000 }];
    expect(check({ calls: [granted], facts: early })).toEqual([
      `untrue: ada lost ${LEASE} before its 60 s were over`,
    ]);
    expect(check({ calls: [granted], facts: [{ ...lost, at: granted.began + 60_000 }] })).toEqual(
      [],
    );
  });
});

describe("results", () => {
  test("two accepted results are one too many", () => {
    const calls = [submit("ada", LEASE, "x", COMPLETED), submit("bob", SECOND, "y", COMPLETED)];
    expect(check({ calls, tasks: [task({ result: "x" })] })).toEqual([
      `doubled: r1t1 was completed under ${LEASE}, ${SECOND}`,
    ]);
  });

  test("an acknowledged completion that is taken back is lost", () => {
    const calls = [submit("ada", LEASE, "x", COMPLETED)];
    expect(check({ calls, tasks: [task({ status: "cancelled" })] })).toEqual([
      "lost: r1t1 was acknowledged as completed and is cancelled",
    ]);
  });

  test("another result than the accepted one is untrue", () => {
    const calls = [
      submit("ada", LEASE, "x", { lost: "no answer" }),
      submit("bob", SECOND, "y", COMPLETED),
    ];
    expect(check({ calls, tasks: [task({ result: "x" })] })).toEqual([
      'untrue: r1t1 shows "x", which is not what was accepted',
    ]);
  });

  test("a result that was said to be kept and is not there is lost", () => {
    const refused = {
      reason: "lease_lost",
      message: "Another worker has it. Your result was kept.",
    };
    const calls = [submit("ada", LEASE, "x", { refused })];
    expect(check({ calls, tasks: [task({ status: "failed" })] })).toEqual([
      `lost: the result of ${LEASE} was said to be kept and is gone`,
    ]);
    const late_results = [{ attempt: 1, result: "x" }];
    expect(check({ calls, tasks: [task({ status: "failed", late_results })] })).toEqual([]);
  });

  test("a look that does not see an acknowledged completion is untrue", () => {
    const calls = [
      submit("ada", LEASE, "x", COMPLETED),
      call("boss", "get_task_status", { task_id: "r1t1" }, { said: { status: "running" } }),
    ];
    expect(check({ calls, tasks: [task({ result: "x" })] })).toEqual([
      "untrue: boss saw r1t1 running after it was completed",
    ]);
  });
});

describe("waits", () => {
  const created = { type: "task.created", task_id: "r1t1", at: 1 };
  const completed = { type: "task.completed", task_id: "r1t1", at: 2 };

  const wait = (ended: Body[], cursor: string, since?: string): SeenCall =>
    call(
      "boss",
      "wait_for_tasks",
      { run_id: "r1", ...(since !== undefined && { cursor: since }) },
      { said: { ended, cursor } },
    );

  test("the end of a task that never ended so was a lie", () => {
    const calls = [wait([{ task_id: "r1t1", status: "failed" }], "1")];
    const tasks = [task({ status: "cancelled" })];
    expect(check({ calls, facts: [created], tasks })).toEqual([
      "untrue: boss was told that r1t1 ended as failed",
    ]);
  });

  test("an end that no reply told is lost to whoever follows the cursors", () => {
    const facts = [created, { ...completed, type: "task.cancelled" }];
    const tasks = [task({ status: "cancelled" })];
    const calls = [wait([], "0"), wait([], "1", "0")];
    expect(check({ calls, facts, tasks })).toEqual([
      "lost: boss was never told that r1t1 is cancelled",
    ]);
    const told = [{ task_id: "r1t1", status: "cancelled" }];
    expect(check({ calls: [wait(told, "1"), wait([], "1", "1")], facts, tasks })).toEqual([]);
    // Whoever goes on from elsewhere may know already.
    expect(check({ calls: [wait([], "1", "7")], facts, tasks })).toEqual([]);
  });
});

describe("reviews", () => {
  const reviewed = (more: Partial<FinalTask> = {}): FinalTask =>
    task({ review: { max_rounds: 1, threshold: 0.8 }, status: "failed", ...more });
  const claimed = (at: number, task_id: string, agent_id: string): Fact => ({
    at,
    type: "task.claimed",
    task_id,
    agent_id,
    attempt: 1,
  });
  const asked = (at: number, agent_id = "ada"): Fact => ({
    at,
    type: "task.review_requested",
    task_id: "r1t1",
    agent_id,
    review: "r1t2",
    round: 1,
  });

  test("who has made it may not judge it", () => {
    const facts = [claimed(1, "r1t1", "ada"), asked(2), claimed(3, "r1t2", "ada")];
    expect(check({ facts, tasks: [reviewed()] })).toEqual([
      "untrue: ada got the review r1t2 of what it has made",
    ]);
  });

  test("the maker is one that had the task", () => {
    const facts = [claimed(1, "r1t1", "ada"), asked(2, "bob")];
    expect(check({ facts, tasks: [reviewed()] })).toEqual([
      "untrue: r1t2 reviews what bob never had",
    ]);
  });

  test("work is not sent back oftener than it may be", () => {
    const rejected = { at: 3, type: "task.review_rejected", task_id: "r1t1" };
    const facts = [claimed(1, "r1t1", "ada"), asked(2), rejected, rejected];
    expect(check({ facts, tasks: [reviewed()] })).toEqual(["untrue: r1t1 was sent back 2 times"]);
  });

  test.each([
    ["none", undefined],
    ["a rejection", { approved: false }],
    ["too low a score", { approved: true, score: 0.7 }],
  ])("nothing is completed with %s", (_, result) => {
    const calls = [poll("ada", LEASE), submit("ada", LEASE, "x", COMPLETED)];
    const facts = [claimed(1, "r1t1", "ada"), asked(2)];
    const review = task({ task_id: "r1t2", status: result ? "completed" : "failed" });
    const tasks = [reviewed({ status: "completed", result: "x" }), { ...review, result }];
    expect(check({ calls, facts, tasks })).toContain(
      "untrue: r1t1 is completed without a verdict that it passes",
    );
  });
});

describe("questions and messages", () => {
  const say = (action: string, text: string, outcome: Outcome): SeenCall =>
    call("boss", "control_task", { action, task_ids: ["r1t1"], text }, outcome);
  const TAKEN = { said: { changed: ["r1t1"] } };
  const given = (more: Body): SeenCall =>
    call(
      "ada",
      "poll_tasks",
      {},
      { said: { tasks: [{ lease: SECOND, lease_seconds: 9, ...more }] } },
    );
  const running = [task({ status: "running", lease_seconds: 5 })];

  test("a task that waits for an answer may not be claimed", () => {
    const claim = { at: 2, type: "task.claimed", task_id: "r1t1", attempt: 2, agent_id: "ada" };
    const suspended = { at: 1, type: "task.suspended", task_id: "r1t1" };
    expect(check({ facts: [suspended, claim] })).toEqual([
      "untrue: attempt 2 of r1t1 began before its question was answered",
    ]);
    const resumed = { at: 1, type: "task.resumed", task_id: "r1t1" };
    expect(check({ facts: [suspended, resumed, claim] })).toEqual([]);
  });

  test.each(["answer", "message"])(
    "an acknowledged %s reaches whoever has the task next",
    (what) => {
      const shown = what === "answer" ? { answers: [{ answer: "x" }] } : { messages: ["x"] };
      expect(check({ calls: [say(what, "x", TAKEN), given({})], tasks: running })).toEqual([
        `lost: ${SECOND} was given without the ${what} "x"`,
      ]);
      expect(check({ calls: [say(what, "x", TAKEN), given(shown)], tasks: running })).toEqual([]);
      expect(check({ calls: [given(shown)], tasks: running })).toEqual([
        `untrue: ${SECOND} came with the ${what} "x", which nobody gave`,
      ]);
    },
  );

  test("one that was refused, or whose reply was lost, need not reach anybody", () => {
    const none = { said: { changed: [], refused: [{ task_id: "r1t1", reason: "no" }] } };
    const calls = [say("answer", "x", none), say("message", "y", { lost: "no reply" }), given({})];
    expect(check({ calls, tasks: running })).toEqual([]);
  });

  test("nobody is told that a task was cancelled which was not", () => {
    const told = call(
      "ada",
      "poll_tasks",
      {},
      { said: { notices: ["r1t1 was cancelled: stop."] } },
    );
    expect(check({ calls: [told] })).toEqual(["untrue: ada was told that r1t1 was cancelled"]);
    const fact = { at: 1, type: "task.cancelled", task_id: "r1t1" };
    expect(check({ calls: [told], facts: [fact] })).toEqual([]);
  });
});
