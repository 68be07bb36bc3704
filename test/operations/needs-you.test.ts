/** Everything that needs an orchestrator: told once along its cursors, and gone once somebody has dealt with it. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { waitForTasks } from "../../src/operations/wait-for-tasks.ts";
import { type Project, useProjects } from "../support/project.ts";
import { APPROVED, claimReview, handedIn, judged, reviewedBy } from "../support/reviews.ts";
import { child, parent, wait } from "./delegation/support.ts";
import { eventually } from "../support/eventually.ts";

const newProject = useProjects();

const ask = (project: Project, lease: string, question = "Which one?") =>
  project.ok(submitResult, { lease, status: "needs_input", question });

/** `<task> <why>` of what the caller is told, and the cursor for the next look. */
async function look(
  project: Project,
  target: { run_id: string } | { task_ids: string[] } = { run_id: "r1" },
  cursor?: string,
): Promise<{ needs: string[]; cursor: string }> {
  const asked = { ...target, wait_seconds: 0, ...(cursor !== undefined && { cursor }) };
  const told = await project.ok(waitForTasks, asked);
  const needs = (told.needs_you ?? []).map(({ task_id, why }) => `${task_id} ${why}`);
  return { needs, cursor: told.cursor };
}

/** Bob has r1t1 now, and what ada made of it came too late. */
async function lateResult(project: Project, options = {}): Promise<string> {
  await project.task({ options });
  const { lease } = await project.claim("ada", { lease_seconds: 10 });
  project.advance(11);
  const bob = await project.claim("bob");
  await project.refusal(submitResult, { lease, status: "completed", result: "ada's" });
  return bob.lease;
}

interface Matter {
  /** Brings it about in r1, for r1t1. */
  readonly arises: (project: Project) => Promise<unknown>;
  /** Each of these deals with it. */
  readonly handled: Readonly<Record<string, (project: Project) => Promise<unknown>>>;
}

const failed = async (project: Project): Promise<void> => {
  await project.task();
  await project.bury((await project.claim("ada")).lease);
};

const task_ids = ["r1t1"];

const MATTERS: Record<string, Matter> = {
  question: {
    arises: async (project) => {
      await project.task();
      await ask(project, (await project.claim("ada")).lease);
    },
    handled: {
      "an answer": (project) => project.control("answer", { task_ids, text: "That one." }),
      "a cancel": (project) => project.control("cancel", { task_ids }),
    },
  },
  dead_letter: {
    arises: failed,
    handled: {
      "a retry": (project) => project.control("retry", { task_ids }),
      "a discard": (project) => project.control("discard", { task_ids }),
      "a retry of all with its code": (project) =>
        project.control("retry", { error_code: "invalid_input" }),
    },
  },
  late_result: {
    arises: (project) => lateResult(project),
    handled: {
      "a promotion": (project) => project.control("promote_late_result", { task_ids }),
      "another result": async (project) => {
        const { lease } = await project.claim("bob");
        await project.complete(lease, "bob's");
      },
      "a discard of what became a dead letter": async (project) => {
        await project.bury((await project.claim("bob")).lease);
        await project.control("discard", { task_ids });
      },
    },
  },
  no_agent: {
    arises: (project) => project.task({ agent_type: "testing" }),
    handled: {
      "an agent that comes": (project) =>
        project.poll("tess", { agent_type: "testing", max_tasks: 0 }),
      "a cancel": (project) => project.control("cancel", { task_ids }),
    },
  },
  breaker: {
    arises: async (project) => {
      await project.poll("ada");
      await project.task();
      await project.ok(setBreaker, { agent_type: "implementation", state: "open" });
    },
    handled: {
      "closing it": (project) =>
        project.ok(setBreaker, { agent_type: "implementation", state: "closed" }),
      "a cancel": (project) => project.control("cancel", { task_ids }),
    },
  },
};

describe.each(Object.entries(MATTERS))("%s", (why, { arises, handled }) => {
  test.each([{ run_id: "r1" }, { task_ids }])(
    "is told once along a cursor of %j",
    async (target) => {
      const project = newProject();
      await arises(project);
      const told = await look(project, target);
      expect(told.needs).toEqual([`r1t1 ${why}`]);
      expect((await look(project, target, told.cursor)).needs).toEqual([]);
      // Whoever begins anew is told again, as long as it lasts.
      expect((await look(project, target)).needs).toEqual([`r1t1 ${why}`]);
    },
  );

  test.each(Object.keys(handled))("is gone after %s", async (how) => {
    const project = newProject();
    await arises(project);
    await handled[how]?.(project);
    for (const target of [{ run_id: "r1" }, { task_ids }]) {
      expect((await look(project, target)).needs).toEqual([]);
    }
    expect(await project.audit()).toEqual([]);
  });
});

describe("a wait that has begun", () => {
  const newRealProject = useProjects({ clock: "real" });

  const begun = async (project: Project): Promise<void> => {
    await eventually(async () => {
      expect((await project.run("r1")).watched_until ?? 0).toBeGreaterThan(Date.now());
    });
  };

  test.each(["question", "dead_letter"])("ends with a %s", async (why) => {
    const project = newRealProject();
    await project.task();
    const { lease } = await project.claim("ada");
    const answer = project.ok(waitForTasks, { run_id: "r1", wait_seconds: 40 });
    await begun(project);
    if (why === "question") await ask(project, lease);
    else await project.bury(lease);
    expect((await answer).needs_you).toMatchObject([{ task_id: "r1t1", why }]);
  });
});

test("the open breaker of the one agent that may have a task is told", async () => {
  const project = newProject();
  await project.poll("ada");
  await project.poll("bob");
  await project.task({ options: { assignee: "bob" } });
  await project.ok(setBreaker, { agent_id: "bob", state: "open" });
  expect((await look(project)).needs).toEqual(["r1t1 breaker"]);
  await project.ok(setBreaker, { agent_id: "bob", state: "closed" });
  expect((await look(project)).needs).toEqual([]);
});

describe("a late result of a reviewed task", () => {
  const { options } = reviewedBy();

  test("is not told again once it was promoted, whatever its reviewer says", async () => {
    const project = newProject();
    await project.poll("eve", { agent_type: "testing" });
    await lateResult(project, options);
    await project.control("promote_late_result", { task_ids });
    expect((await look(project)).needs).toEqual([]);
    expect((await project.ok(listTasks, { status: "late_result" })).tasks).toEqual([]);
    await judged(project, { approved: false, feedback: "No." });
    expect((await look(project)).needs).toEqual([]);
    expect(await project.audit()).toEqual([]);
  });

  test("that came as a verdict is told to nobody, since nobody can take it", async () => {
    const project = newProject();
    await handedIn(project);
    const { lease } = await project.claim("eve", { agent_type: "testing", lease_seconds: 10 });
    project.advance(11);
    await project.claim("mia", { agent_type: "testing" });
    await project.refusal(submitResult, { lease, status: "completed", result: APPROVED });
    expect((await project.record("r1t2")).late_results).toEqual([1]);
    expect((await look(project)).needs).toEqual([]);
  });
});

test("a review that only its maker could do is told, also where other work is before it", async () => {
  const project = newProject();
  await project.task(reviewedBy("implementation"));
  const { lease } = await project.claim("ada");
  await project.task({ run_id: "r1" });
  await project.complete(lease);
  for (const target of [{ run_id: "r1" }, { task_ids }]) {
    expect((await look(project, target)).needs).toEqual(["r1t3 no_agent"]);
  }
  await project.poll("bob", { max_tasks: 0 });
  expect((await look(project)).needs).toEqual([]);
});

describe("whoever waits for a task by name is told what keeps it from ending", () => {
  test("a question of its child, asked before the parent waits for it", async () => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease);
    const first = await look(project, { task_ids });
    await ask(project, (await project.claim("bob")).lease);
    const told = await look(project, { task_ids }, first.cursor);
    expect(told.needs).toEqual(["r1t2 question"]);
    await wait(project, lease);
    expect((await look(project, { task_ids }, told.cursor)).needs).toEqual([]);
    await project.control("answer", { task_ids: ["r1t2"], text: "That one." });
    expect((await look(project, { task_ids })).needs).toEqual([]);
  });

  test("a question of its reviewer", async () => {
    const project = newProject();
    await handedIn(project);
    await ask(project, (await claimReview(project)).lease, "By which standard?");
    expect((await look(project, { task_ids })).needs).toEqual(["r1t2 question"]);
  });

  test("a dependency, some steps away, that nobody can do", async () => {
    const project = newProject();
    await project.poll("ada");
    const far = await project.task({ agent_type: "nobody" });
    const near = await project.task({ run_id: "r1", dependencies: [far] });
    const last = await project.task({ run_id: "r1", dependencies: [near] });
    expect((await look(project, { task_ids: [last] })).needs).toEqual([`${far} no_agent`]);
  });

  test("but not what others in the run wait for", async () => {
    const project = newProject();
    await project.poll("ada");
    await project.task();
    await project.task({ run_id: "r1", agent_type: "nobody" });
    await project.task({ run_id: "r1" });
    await ask(project, (await project.claim("ada")).lease);
    expect((await look(project, { task_ids: ["r1t3"] })).needs).toEqual([]);
  });

  test("and the ends of these are not told as ends of its own", async () => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease);
    await child(project, lease);
    await project.complete((await project.claim("bob")).lease);
    const told = await project.ok(waitForTasks, { task_ids, wait_seconds: 0, until: "any" });
    expect(told).toMatchObject({ ended: [], open: 1, timed_out: true });
  });
});

test("a question is not forgotten among the many changes of a large run", async () => {
  const project = newProject();
  await project.poll("ada");
  await project.graph(Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, []])));
  await project.task({ run_id: "r1" });
  const { cursor } = await look(project);
  await ask(project, (await project.claim("bob")).lease);
  for (let round = 0; round < 5; round++) {
    for (const { lease } of await project.poll("ada", { max_tasks: 10 })) {
      await project.complete(lease);
    }
  }
  expect((await project.run("r1")).recent).toHaveLength(LIMITS.changes_kept);
  const told = await look(project, { run_id: "r1" }, cursor);
  expect(told.needs).toEqual(["r1t1 question"]);
  expect((await look(project)).needs).toEqual(["r1t1 question"]);
  expect((await look(project, { run_id: "r1" }, told.cursor)).needs).toEqual([]);
});

test("what an agent wrote without a full stop is told from what would help", async () => {
  const project = newProject();
  await project.task();
  await project.task();
  await ask(project, (await project.claim("ada")).lease, "Which one, a or b");
  const { lease } = await project.claim("bob");
  const error = { message: "no disk", category: "permission" } as const;
  await project.ok(submitResult, { lease, status: "failed", error });
  const told = await project.ok(waitForTasks, { task_ids: ["r1t1", "r2t1"], wait_seconds: 0 });
  expect(told.needs_you?.map(({ text }) => text)).toEqual([
    "Asks: Which one, a or b. control_task: answer (with text).",
    "Failed (permission): no disk. control_task: retry (with changes) or discard.",
  ]);
});
