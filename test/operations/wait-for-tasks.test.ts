/** What `wait_for_tasks` tells and when, told once along its cursors, at a small and bounded cost. */
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { waitForTasks } from "../../src/operations/wait-for-tasks.ts";
import { type CallOptions, type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

type Input = z.input<typeof waitForTasks.input>;

async function look(project: Project, input: Input, options?: CallOptions) {
  return project.ok(waitForTasks, { wait_seconds: 0, ...input }, options);
}

/** A project with an agent of the customary type, so that nothing is amiss with tasks of it. */
async function staffed(): Promise<Project> {
  const project = newProject();
  await project.poll("ada");
  return project;
}

function idsOf(list: readonly { task_id: string }[] = []): string[] {
  return list.map(({ task_id }) => task_id);
}

describe("a run", () => {
  test("is told with what has ended, and the same again without a cursor only", async () => {
    const project = await staffed();
    const run_id = await project.graph({ a: [], b: [], c: ["a"] });
    await project.complete((await project.claim("ada")).lease);
    await project.claim("ada");

    const told = await look(project, { run_id });
    expect(told).toEqual({
      run_id,
      status: "active",
      completed: 1,
      running: 1,
      open: 2,
      ended: [{ task_id: `${run_id}t1`, status: "completed", title: "Do a." }],
      cursor: "1",
      timed_out: true,
      next: "Call wait_for_tasks again with this cursor.",
    });
    expect(await look(project, { run_id })).toEqual(told);
    expect((await look(project, { run_id, cursor: told.cursor })).ended).toEqual([]);
  });

  test("is over when all its tasks have ended, however", async () => {
    const project = await staffed();
    const run_id = await project.graph({ a: [], b: [] });
    await project.complete((await project.claim("ada")).lease);
    const { cursor } = await look(project, { run_id });
    await project.control("cancel", { run_id });
    const told = await look(project, { run_id, cursor });
    expect(told).toMatchObject({ status: "cancelled", completed: 1, open: 0 });
    expect(told.ended).toMatchObject([{ task_id: `${run_id}t2`, status: "cancelled" }]);
    expect(told).not.toHaveProperty("timed_out");
    expect(await look(project, { run_id, cursor: told.cursor })).not.toHaveProperty("timed_out");
  });

  test("tells the last ends only, and how many there were besides", async () => {
    const project = await staffed();
    const size = 60;
    const keys = Array.from({ length: size }, (_, index) => [`k${index}`, []] as const);
    const run_id = await project.graph(Object.fromEntries(keys));
    const { cursor } = await look(project, { run_id });
    for (let done = 0; done < size; done += 10) {
      for (const { lease } of await project.poll("ada", { max_tasks: 10 })) {
        await project.complete(lease);
      }
    }
    for (const given of [{}, { cursor }]) {
      const told = await look(project, { run_id, ...given });
      expect(told.ended).toHaveLength(LIMITS.changes_kept);
      expect(told.more).toMatch(`${size - LIMITS.changes_kept} earlier changes`);
    }
  });

  test("of more tasks than a page is told from what it remembers", async () => {
    const project = await staffed();
    const keys = Array.from({ length: 200 }, (_, index) => [`k${index}`, []] as const);
    const run_id = await project.graph(Object.fromEntries(keys));
    await project.task({ run_id });
    for (let round = 0; round < 4; round++) {
      for (const { lease } of await project.poll("ada", { max_tasks: 10 })) {
        await project.complete(lease);
      }
    }
    const told = await look(project, { run_id });
    expect(told.ended).toHaveLength(LIMITS.changes_kept);
    expect(told.more).toMatch(`${40 - LIMITS.changes_kept} earlier changes`);
  });
});

describe("until any", () => {
  test("returns once one has ended since the cursor", async () => {
    const project = await staffed();
    const run_id = await project.graph({ a: [], b: [], c: [] });
    const first = await look(project, { run_id, until: "any" });
    expect(first.timed_out).toBe(true);
    await project.complete((await project.claim("ada")).lease);
    const second = await look(project, { run_id, until: "any", cursor: first.cursor });
    expect(idsOf(second.ended)).toEqual([`${run_id}t1`]);
    expect(second).not.toHaveProperty("timed_out");
    const third = await look(project, { run_id, until: "any", cursor: second.cursor });
    expect(third).toMatchObject({ ended: [], timed_out: true });
  });
});

describe("tasks by name", () => {
  test("may lie in several runs, and are told each by its own run's changes", async () => {
    const project = await staffed();
    const task_ids = [await project.task(), await project.task(), await project.task()];
    await project.task({ run_id: "r1" });
    const first = await look(project, { task_ids, until: "any" });
    expect(first).toMatchObject({ open: 3, completed: 0, ended: [], cursor: "0.0.0" });

    const held = await project.poll("ada", { max_tasks: 4 });
    const complete = async (task_id: string): Promise<void> => {
      const { lease = "" } = held.find((task) => task.lease.startsWith(`${task_id}.`)) ?? {};
      await project.complete(lease);
    };
    await complete("r2t1");
    const second = await look(project, { task_ids, until: "any", cursor: first.cursor });
    expect(second).toMatchObject({ open: 2, running: 2, completed: 1, cursor: "0.1.0" });
    expect(idsOf(second.ended)).toEqual(["r2t1"]);

    await complete("r1t1");
    await complete("r3t1");
    const third = await look(project, { task_ids, cursor: second.cursor });
    expect(idsOf(third.ended).toSorted()).toEqual(["r1t1", "r3t1"]);
    // The fourth task goes on, and is not waited for.
    expect(third).not.toHaveProperty("timed_out");
  });

  test("are told by their records where their run has forgotten", async () => {
    const project = await staffed();
    const keys = Array.from({ length: 50 }, (_, index) => [`k${index}`, []] as const);
    const run_id = await project.graph(Object.fromEntries(keys));
    const task_ids = [`${run_id}t1`];
    const { cursor } = await look(project, { task_ids });
    for (let round = 0; round < 5; round++) {
      for (const { lease } of await project.poll("ada", { max_tasks: 10 })) {
        await project.complete(lease);
      }
    }
    expect(idsOf((await look(project, { task_ids, cursor })).ended)).toEqual(task_ids);
  });

  test("that do not exist are refused by name, and so is a run that does not", async () => {
    const project = await staffed();
    await project.task();
    const { message } = await project.refusal(waitForTasks, { task_ids: ["r1t1", "r1t9"] });
    expect(message).toMatch(/^No task r1t9 here/);
    expect((await project.refusal(waitForTasks, { run_id: "r9" })).reason).toBe("not_found");
    expect((await project.refusal(waitForTasks, { task_ids: ["x"] })).reason).toBe("not_found");
  });

  test("are at most fifty, and either they or a run", async () => {
    const project = await staffed();
    const task_ids = Array.from({ length: 51 }, (_, index) => `r1t${index + 1}`);
    expect((await project.refusal(waitForTasks, { task_ids })).reason).toBe("limit");
    expect((await project.refusal(waitForTasks, {})).reason).toBe("invalid");
    const both = { run_id: "r1", task_ids: ["r1t1"] };
    expect((await project.refusal(waitForTasks, both)).reason).toBe("invalid");
  });

  test.each(["x", "1.2", "-n3", "1-z3", "1.2-n1"])(
    "refuse the cursor %s, which is none of theirs",
    async (cursor) => {
      const project = await staffed();
      await project.task();
      expect((await project.refusal(waitForTasks, { task_ids: ["r1t1"], cursor })).reason).toBe(
        "invalid",
      );
    },
  );
});

describe("needs_you", () => {
  test("tells a dead letter once, with what went wrong and what can be done", async () => {
    const project = await staffed();
    const run_id = await project.graph({ a: [], b: ["a"], c: [] });
    await project.bury((await project.claim("ada")).lease, "E7");
    const told = await look(project, { run_id });
    expect(told.needs_you).toEqual([
      {
        task_id: `${run_id}t1`,
        why: "dead_letter",
        text: "Failed (E7): It broke. control_task: retry (with changes) or discard.",
      },
    ]);
    expect(told).not.toHaveProperty("timed_out");
    const again = await look(project, { run_id, cursor: told.cursor });
    expect(again).not.toHaveProperty("needs_you");
    expect(again.timed_out).toBe(true);
    await project.control("discard", { task_ids: [`${run_id}t1`] });
    expect(await look(project, { run_id })).not.toHaveProperty("needs_you");
  });

  test("tells a question until it is answered", async () => {
    const project = await staffed();
    const task_id = await project.task();
    const { lease } = await project.claim("ada");
    await project.ok(submitResult, { lease, status: "needs_input", question: "Which one?" });
    const told = await look(project, { run_id: "r1" });
    expect(told.needs_you).toEqual([
      { task_id, why: "question", text: "Asks: Which one? control_task: answer (with text)." },
    ]);
    expect(await look(project, { run_id: "r1", cursor: told.cursor })).not.toHaveProperty(
      "needs_you",
    );
    await project.control("answer", { task_ids: [task_id], text: "This one." });
    expect(await look(project, { run_id: "r1" })).not.toHaveProperty("needs_you");
  });

  test("tells a late result that could be promoted", async () => {
    const project = await staffed();
    const task_id = await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 10 });
    project.advance(11);
    const { cursor } = await look(project, { run_id: "r1" });
    await project.claim("bob");
    await project.refusal(submitResult, { lease, status: "completed", result: 1 });
    const told = await look(project, { run_id: "r1", cursor });
    expect(told.needs_you).toMatchObject([{ task_id, why: "late_result" }]);
    await project.control("promote_late_result", { task_ids: [task_id] });
    expect(await look(project, { run_id: "r1" })).not.toHaveProperty("needs_you");
  });

  test("tells work that no agent can take once of each kind, as long as that lasts", async () => {
    const project = await staffed();
    const tasks = [
      { key: "a", task_description: "A", agent_type: "testing" },
      { key: "b", task_description: "B", agent_type: "testing" },
      { key: "c", task_description: "C", options: { requires: ["browser"] } },
      { key: "d", task_description: "D", options: { assignee: "eve" } },
      { key: "e", task_description: "E" },
      { key: "f", task_description: "F", agent_type: "planning", dependencies: ["e"] },
    ];
    await project.ok(createWorkflow, { name: "Odd", agent_type: "implementation", tasks });
    const told = await look(project, { run_id: "r1" });
    expect(told.needs_you?.map(({ task_id, why }) => `${task_id} ${why}`)).toEqual([
      "r1t1 no_agent",
      "r1t3 no_agent",
      "r1t4 no_agent",
    ]);
    expect(told.needs_you?.[0]?.text).toMatch("Nobody has ever polled for testing.");
    const { cursor } = told;
    expect(cursor).toMatch(/^0(-n\d+){3}$/);
    expect(await look(project, { run_id: "r1", cursor })).toMatchObject({
      timed_out: true,
      cursor,
    });

    await project.poll("tess", { agent_type: "testing", max_tasks: 0 });
    const later = await look(project, { run_id: "r1", cursor });
    expect(later).not.toHaveProperty("needs_you");
    expect(later.cursor).toMatch(/^0(-n\d+){2}$/);
    project.advance(1_000);
    const gone = await look(project, { run_id: "r1", cursor: later.cursor });
    expect(idsOf(gone.needs_you)).toEqual(["r1t1", "r1t5"]);
  });

  test("does not tell of an agent that is busy", async () => {
    const project = await staffed();
    const run_id = await project.graph({ a: [], b: [] });
    await project.claim("ada");
    project.advance(2_000);
    expect(await look(project, { run_id })).not.toHaveProperty("needs_you");
    expect(await look(project, { task_ids: [`${run_id}t2`] })).not.toHaveProperty("needs_you");
  });

  test("tells of a breaker that holds tasks back, of a run or by name", async () => {
    const project = await staffed();
    const task_id = await project.task();
    await project.ok(setBreaker, { agent_type: "implementation", state: "open" });
    for (const target of [{ run_id: "r1" }, { task_ids: [task_id] }]) {
      const told = await look(project, target);
      expect(told.needs_you).toMatchObject([{ task_id, why: "breaker" }]);
      expect(told.cursor).toMatch(/^0-b\d+$/);
      const again = await look(project, { ...target, cursor: told.cursor });
      expect(again).not.toHaveProperty("needs_you");
    }
  });

  test("tells nothing of other runs", async () => {
    const project = await staffed();
    await project.task({ agent_type: "testing" });
    await project.task();
    await project.task({ agent_type: "testing", run_id: "r2" });
    expect(idsOf((await look(project, { run_id: "r2" })).needs_you)).toEqual(["r2t2"]);
    expect(idsOf((await look(project, { run_id: "r1" })).needs_you)).toEqual(["r1t1"]);
  });
});

describe("waiting", () => {
  test("ends soon after the run, with all that ended meanwhile", async () => {
    const project = await staffed();
    const run_id = await project.graph({ a: [], b: [] });
    const answer = look(project, { run_id, wait_seconds: 30 });
    for (const { lease } of await project.poll("ada", { max_tasks: 2 })) {
      await project.complete(lease);
    }
    const told = await answer;
    expect(told).toMatchObject({ status: "completed", completed: 2, cursor: "2" });
    expect(idsOf(told.ended)).toEqual([`${run_id}t1`, `${run_id}t2`]);
  });

  test("ends when the client goes away", async () => {
    const project = await staffed();
    const run_id = await project.graph({ a: [] });
    const gone = new AbortController();
    const answer = look(project, { run_id, wait_seconds: 30 }, { signal: gone.signal });
    gone.abort();
    expect(await answer).toMatchObject({ status: "active", timed_out: true });
  });

  test("a cursor is short even where much is amiss", async () => {
    const project = newProject();
    const tasks = Array.from({ length: 50 }, (_, index) => ({
      key: `k${index}`,
      task_description: "Do it.",
      agent_type: `type-${index}`,
    }));
    await project.ok(createWorkflow, { name: "Wide", tasks });
    const told = await look(project, { run_id: "r1" });
    expect(told.needs_you).toHaveLength(LIMITS.lanes_per_claim);
    expect(told.cursor.length).toBeLessThan(80);
  });
});
