/** What waiting costs while nothing happens, and that nobody depends on being told when something does. */
import { describe, expect, test } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { followEvents } from "../../src/operations/follow-events.ts";
import { waitForTasks } from "../../src/operations/wait-for-tasks.ts";
import { holdTime } from "../support/minutes.ts";
import { type Project, useProjects } from "../support/project.ts";
import { beginWait, leaseOf } from "../support/sleepers.ts";

// As in production: asking for the time is a command too.
const newProject = useProjects({ clock: "real" });

const WAITS_A_DAY = 86_400 / 900;

/** Redis knows the scripts then, and the agent and a lane of its type are known to the project. */
async function wellWorn(): Promise<Project> {
  const project = newProject();
  await project.task();
  await project.complete((await project.claim("ada")).lease);
  await project.poll("ada");
  return project;
}

/** What the front counts from now on. */
function meter({ upstash }: Project): () => { billed: number; streams: number } {
  upstash.stats.reset();
  return () => {
    const { billed, byCommand } = upstash.stats.snapshot();
    return { billed, streams: byCommand["SUBSCRIBE"] ?? 0 };
  };
}

/** Follows all events until the stream ends; what it was told. */
async function readAll({ events }: Store): Promise<string[]> {
  const told: string[] = [];
  const { signal } = new AbortController();
  for await (const step of followEvents(events, { isWanted: () => true, signal })) {
    if (step.kind === "events") told.push(...step.events.map(({ fact }) => fact.type));
  }
  return told;
}

describe("while nothing happens", () => {
  // A first look and one that notes the waiter, then one each minute; six commands a look, and what notes it.
  test("an agent that waits costs 10,000 billed commands a day, half of what it may, at waits of 900 s", async () => {
    const project = await wellWorn();
    const { store, pass } = holdTime(project);
    const spent = meter(project);
    const answer = beginWait(project, "ada", {}, { store });
    await pass(900);
    expect((await answer).timed_out).toBe(true);
    const { billed, streams } = spent();
    console.log(`a wait of 900 s: ${billed} billed commands; a day: ${billed * WAITS_A_DAY}`);
    expect(streams).toBe(1);
    expect(billed * WAITS_A_DAY).toBeLessThanOrEqual(10_000);
  });

  test("an orchestrator that waits for a run costs some 30 commands in 45 s", async () => {
    const project = await wellWorn();
    const run_id = await project.graph({ a: [] });
    const { store, pass } = holdTime(project);
    const spent = meter(project);
    const answer = project.ok(waitForTasks, { run_id, wait_seconds: 45 }, { store });
    await pass(45);
    expect((await answer).timed_out).toBe(true);
    const { billed, streams } = spent();
    expect(streams).toBe(1);
    expect(billed).toBeLessThanOrEqual(30);
  });

  test("a reader of events costs some 40 commands in the five minutes of a stream", async () => {
    const project = await wellWorn();
    const { store, pass } = holdTime(project);
    const spent = meter(project);
    const reading = readAll(store);
    await pass(300);
    expect(await reading).toEqual([]);
    const { billed, streams } = spent();
    expect(streams).toBe(1);
    expect(billed).toBeLessThanOrEqual(45);
  });
});

describe("where no message arrives", () => {
  async function deaf(): Promise<Project> {
    const project = await wellWorn();
    project.upstash.faults.add({ kind: "drop-message" });
    return project;
  }

  test("agents find work by their next look, each task once, and the others wait until their end", async () => {
    const project = await deaf();
    const { store, pass } = holdTime(project);
    const agents = ["ada", "bob", "cyd"];
    const answers = agents.map((name) => beginWait(project, name, {}, { store }));
    await pass(10);
    const ids = [await project.task(), await project.task()];
    await pass(60);
    await pass(830);
    const leases = (await Promise.all(answers)).map(leaseOf);
    const tasks = leases.map((lease) => lease?.slice(0, lease.indexOf(".")));
    expect(new Set(tasks)).toEqual(new Set([...ids, undefined]));
    expect(await project.audit()).toEqual([]);
  });

  test("an agent that looks each minute finds what came since", async () => {
    const project = await deaf();
    const { store, pass } = holdTime(project);
    let lease: string | undefined;
    const answer = beginWait(project, "ada", {}, { store }).then((said) => (lease = leaseOf(said)));
    await pass(30);
    await project.task();
    await pass(29);
    expect(lease).toBeUndefined();
    await pass(1);
    expect(await answer).toBeDefined();
  });

  test("an orchestrator finds out by its next look", async () => {
    const project = await deaf();
    const run_id = await project.graph({ a: [] });
    const { lease } = await project.claim("ada");
    const { store, pass } = holdTime(project);
    const answer = project.ok(waitForTasks, { run_id, wait_seconds: 45 }, { store });
    await pass(10);
    await project.complete(lease);
    await pass(20);
    expect(await answer).toMatchObject({ run_id, status: "completed" });
  });

  test("a reader of events has read all of them when its stream ends", async () => {
    const project = await deaf();
    const { store, pass } = holdTime(project);
    const reading = readAll(store);
    await pass(10);
    await project.task();
    await pass(290);
    expect(await reading).toEqual(["run.created", "task.created", "task.ready"]);
  });
});
