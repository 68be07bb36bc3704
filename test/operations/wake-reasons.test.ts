/** Whatever makes work ready wakes somebody who may have it: nobody sleeps beside it until its next look. */
import { describe, expect, onTestFinished, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { failTasks, openBreaker, succeed } from "../support/failing.ts";
import { type Project, useProjects } from "../support/project.ts";
import { handedIn, judged, REJECTED, reviewedBy } from "../support/reviews.ts";
import { leaseOf, sleeper, sleepersOf } from "../support/sleepers.ts";
import { child, parent, wait } from "./delegation/support.ts";

const newProject = useProjects();

const PAUSE = LIMITS.breaker_pause_ms / 1000;

/** Time passes, and a tick comes. */
async function pass(project: Project, seconds: number): Promise<void> {
  project.advance(seconds);
  await project.store.tick({ limit: 100 });
}

interface Scene {
  /** Who sleeps, zoe where absent. */
  readonly agent_id?: string;
  readonly agent_type?: string;
  /** Before it sleeps; returns what happens then. */
  readonly prepare: (project: Project) => Promise<() => Promise<unknown>>;
}

const REASONS: Record<string, Scene> = {
  "a start time that has come": {
    prepare: async (project) => {
      const start_at = new Date(project.now() + 60_000).toISOString();
      await project.task({ options: { start_at } });
      return () => pass(project, 61);
    },
  },
  "the end of a retry's pause": {
    prepare: async (project) => {
      await project.task({ options: { retry: { jitter: "none" } } });
      await project.fail((await project.claim("bob")).lease);
      return () => pass(project, 600);
    },
  },
  "the answer to a question, whoever asked it": {
    agent_id: "bob",
    prepare: async (project) => {
      const task_id = await project.task();
      const { lease } = await project.claim("bob");
      await project.ok(submitResult, { lease, status: "needs_input", question: "Which?" });
      return () => project.control("answer", { task_ids: [task_id], text: "This." });
    },
  },
  "a result that is to be reviewed, a reviewer": {
    agent_type: "testing",
    prepare: async (project) => {
      await project.task(reviewedBy());
      const { lease } = await project.claim("ada");
      return () => project.complete(lease);
    },
  },
  "a verdict that sends work back, whoever made it": {
    agent_id: "ada",
    prepare: async (project) => {
      await handedIn(project);
      return () => judged(project, REJECTED);
    },
  },
  "the end of the last child, the agent of the parent": {
    agent_id: "ada",
    agent_type: "planning",
    prepare: async (project) => {
      const lease = await parent(project);
      await child(project, lease);
      await wait(project, lease);
      const { lease: own } = await project.claim("bob");
      return () => project.complete(own);
    },
  },
  "the retry of a dead letter": {
    prepare: async (project) => {
      const task_id = await project.task();
      await project.bury((await project.claim("bob")).lease);
      return () => project.control("retry", { task_ids: [task_id] });
    },
  },
  "a priority that lets a task go before whoever stood in its way": {
    prepare: async (project) => {
      await project.task({ options: { locks: ["m"] } });
      await project.claim("bob");
      await project.task({ options: { locks: ["l", "m"] } });
      project.advance(1);
      const task_id = await project.task({ options: { locks: ["l"] } });
      project.advance(700);
      return () =>
        project.control("set_priority", { task_ids: [task_id], changes: { priority: 0 } });
    },
  },
  "a workflow that was staged": {
    prepare: async (project) => {
      const tasks = Array.from({ length: LIMITS.tasks_per_create + 1 }, (_, index) => ({
        key: `k${index}`,
        task_description: `Do ${index}.`,
        ...(index > 0 && { dependencies: ["k0"] }),
      }));
      const workflow = { name: "Large", agent_type: "implementation", tasks };
      return () => project.ok(createWorkflow, workflow);
    },
  },
  "the only one of a hundred new tasks that it may have": {
    prepare: async (project) => {
      const tasks = Array.from({ length: 100 }, (_, index) => ({
        key: `k${index}`,
        task_description: `Do ${index}.`,
        ...(index < 99 && { options: { requires: ["browser"] } }),
      }));
      const workflow = { name: "Odd", agent_type: "implementation", tasks };
      return () => project.ok(createWorkflow, workflow);
    },
  },
  "the end of a breaker's pause": {
    prepare: async (project) => {
      await openBreaker(project);
      return () => pass(project, PAUSE);
    },
  },
  "a probe that closes the breaker": {
    prepare: async (project) => {
      await openBreaker(project);
      await project.task();
      project.advance(PAUSE);
      const { lease } = await project.claim("ada");
      return () => project.complete(lease);
    },
  },
  "a probe that was cancelled": {
    prepare: async (project) => {
      await openBreaker(project);
      await project.task();
      project.advance(PAUSE);
      const { lease } = await project.claim("ada");
      const task_ids = [lease.slice(0, lease.indexOf("."))];
      return () => project.control("cancel", { task_ids });
    },
  },
  "a breaker that people closed": {
    prepare: async (project) => {
      await openBreaker(project);
      return () => project.ok(setBreaker, { agent_type: "implementation", state: "closed" });
    },
  },
  "a breaker of its own that people closed": {
    prepare: async (project) => {
      await project.ok(setBreaker, { agent_id: "zoe", state: "open" });
      await project.task();
      return () => project.ok(setBreaker, { agent_id: "zoe", state: "auto" });
    },
  },
  "the end of the pause of a breaker of its own": {
    prepare: async (project) => {
      await openOwnBreaker(project, "zoe");
      await project.task();
      return () => pass(project, PAUSE);
    },
  },
};

/** Its tasks fail, and those of others do not. */
async function openOwnBreaker(project: Project, agent_id: string): Promise<void> {
  await succeed(project, LIMITS.breaker_failures + 1);
  for (let nth = 0; nth < LIMITS.breaker_failures; nth++) {
    await project.task({ options: { retry: { max_attempts: 1 } } });
    await project.fail((await project.claim(agent_id)).lease, { category: "internal" });
  }
}

test.each(Object.keys(REASONS))("%s wakes whoever may have it", async (name) => {
  const project = newProject();
  const { agent_id = "zoe", agent_type = "implementation", prepare } = REASONS[name] as Scene;
  const happen = await prepare(project);
  const { answer } = await sleeper(project, agent_id, { agent_type });
  await happen();
  expect(leaseOf(await answer)).toBeDefined();
  expect(await project.audit()).toEqual([]);
});

describe("nobody is woken in vain", () => {
  const messages = (project: Project): number =>
    project.upstash.stats.snapshot().inner["PUBLISH"] ?? 0;

  test("by new tasks while the breaker of their type is open", async () => {
    const project = newProject();
    await failTasks(project, LIMITS.breaker_failures);
    const zoe = await sleeper(project, "zoe");
    project.upstash.stats.reset();
    await project.task();
    expect(messages(project)).toBe(0);
    await pass(project, PAUSE);
    expect(messages(project)).toBe(1);
    expect(leaseOf(await zoe.answer)).toBeDefined();
  });

  test("whose own breaker is open: the task is another's", async () => {
    const project = newProject();
    await project.ok(setBreaker, { agent_id: "ada", state: "open" });
    const ada = await sleeper(project, "ada");
    const zoe = await sleeper(project, "zoe");
    const task_id = await project.task();
    expect(leaseOf(await zoe.answer)).toMatch(`${task_id}.1.`);
    expect(await sleepersOf(project)).toEqual(["ada"]);
    await project.task();
    await project.ok(setBreaker, { agent_id: "ada", state: "closed" });
    expect(leaseOf(await ada.answer)).toBeDefined();
  });

  test("beyond the one that probes, until the breaker has closed", async () => {
    const project = newProject();
    await openBreaker(project);
    await project.task();
    const both = [await sleeper(project, "ada"), await sleeper(project, "zoe")];
    project.upstash.stats.reset();
    await pass(project, PAUSE);
    const first = await Promise.race(both.map(({ answer }) => answer));
    expect(messages(project)).toBe(1);
    expect(await sleepersOf(project)).toHaveLength(1);
    await project.complete(leaseOf(first) ?? "");
    const leases = (await Promise.all(both.map(({ answer }) => answer))).map(leaseOf);
    expect(new Set(leases).size).toBe(2);
  });
});

/** An agent that waits and hears, and looks when the test says so. */
async function slowSleeper(project: Project, agent_id: string) {
  const asked = { agent_id, agent_type: "implementation", key_id: "key-1", max_tasks: 1 };
  const wait = { lease_seconds: 0, wait_ms: 30_000, poll: `wait of ${agent_id}`, listens: true };
  const look = (more = {}) =>
    project.store.poll({ agent: { ...asked, ...wait, ...more }, checks: ["check"] });
  const asleep = await look();
  if (!("said" in asleep)) throw new Error(`${agent_id} may not wait`);
  const ear = await project.store.subscribe(asleep.said.channel);
  onTestFinished(() => ear.close());
  return { heard: () => ear.heard(), look: () => look({ continues: true }) };
}

test("an agent that goes first for a minute does so when it was called as well", async () => {
  const project = newProject();
  const task_id = await project.task();
  const { lease } = await project.claim("bob");
  await project.ok(submitResult, { lease, status: "needs_input", question: "Which?" });
  const bob = await slowSleeper(project, "bob");
  await project.control("answer", { task_ids: [task_id], text: "This." });
  await bob.heard();
  const until_ms = project.now() + LIMITS.prefer_ms;
  expect((await project.record(task_id)).prefer).toEqual({ agent_id: "bob", until_ms });
});

test("a task that is blocked by now is passed on to nobody until it is free", async () => {
  const project = newProject();
  const ada = await slowSleeper(project, "ada");
  const zoe = await sleeper(project, "zoe");
  const task_id = await project.task({ options: { locks: ["l"] } });
  await ada.heard();
  await project.task({ agent_type: "planning", options: { locks: ["l"] } });
  const { lease } = await project.claim("bob", { agent_type: "planning" });
  const own = await project.task({ options: { assignee: "ada" } });
  project.upstash.stats.reset();
  expect(await ada.look()).toMatchObject({ said: { tasks: [{ record: { task_id: own } }] } });
  expect(project.upstash.stats.snapshot().inner["PUBLISH"]).toBeUndefined();
  await project.complete(lease);
  expect(leaseOf(await zoe.answer)).toMatch(`${task_id}.1.`);
});
