/** Any sequence of calls by several agents while time passes: all that is stored fits together after each of them. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const AGENTS = ["ada", "bob", "eve"];

const step = fc.oneof(
  fc.record({
    do: fc.constant("create" as const),
    priority: fc.nat(9),
    dependencies: fc.array(fc.nat(), { maxLength: 3 }),
    start: fc.option(fc.nat(100)),
    long: fc.boolean(),
  }),
  fc.record({
    do: fc.constant("poll" as const),
    agent: fc.nat(2),
    max_tasks: fc.nat(3),
    lease_seconds: fc.integer({ min: 5, max: 120 }),
  }),
  fc.record({
    do: fc.constant("submit" as const),
    lease: fc.nat(),
    status: fc.constantFrom("completed" as const, "failed" as const, "released" as const),
    poll_next: fc.boolean(),
    large: fc.boolean(),
  }),
  fc.record({ do: fc.constant("heartbeat" as const), lease: fc.nat(), progress: fc.nat(100) }),
  fc.record({ do: fc.constant("note" as const), lease: fc.nat(), ttl: fc.option(fc.nat(50)) }),
  fc.record({ do: fc.constant("advance" as const), seconds: fc.nat(90) }),
  fc.record({ do: fc.constant("read" as const), task: fc.nat() }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the callers know: the tasks they made, the leases they got, and how each lease was answered. */
class Callers {
  readonly project: Project;
  readonly tasks: string[] = [];
  readonly leases = new Set<string>();
  readonly answers = new Map<string, string>();
  /** The lease whose result counts, by task. */
  readonly completed = new Map<string, string>();

  constructor(project: Project) {
    this.project = project;
  }

  async take(next: Step): Promise<void> {
    const { project } = this;
    if (next.do === "advance") return project.advance(next.seconds);
    if (next.do === "create") return this.create(next);
    if (next.do === "poll") return this.poll(next);
    if (next.do === "read") {
      const task_id = pick(this.tasks, next.task);
      if (task_id) await project.ok(getTaskStatus, { task_id, detail: "full" });
      return;
    }
    const lease = pick([...this.leases], next.lease);
    if (lease === undefined) return;
    if (next.do === "submit") return this.submit(next, lease);
    if (next.do === "heartbeat") {
      await project.call(heartbeat, { lease, progress: next.progress, message: "Still on it." });
    } else {
      const ttl = next.ttl === null ? {} : { ttl_seconds: next.ttl + 1 };
      await project.call(setSharedState, { key: `k${next.lease % 3}`, value: 1, lease, ...ttl });
    }
  }

  async create(given: Step & { do: "create" }): Promise<void> {
    const { project, tasks } = this;
    const names = given.dependencies.flatMap((number) => pick(tasks, number) ?? []);
    const start_at = new Date(project.now() + (given.start ?? 0) * 1000).toISOString();
    const id = await project.task({
      priority: given.priority,
      ...(names.length > 0 && { dependencies: [...new Set(names)] }),
      ...(given.start !== null && { options: { start_at } }),
      ...(given.long && { context: "x".repeat(5_000), options: { max_run_seconds: 100 } }),
    });
    tasks.push(id);
  }

  async poll(given: Step & { do: "poll" }): Promise<void> {
    const { max_tasks, lease_seconds } = given;
    const got = await this.project.poll(AGENTS[given.agent] ?? "", { max_tasks, lease_seconds });
    for (const { lease } of got) this.got(lease);
  }

  got(lease: string): void {
    expect(this.answers.has(lease)).toBe(false);
    expect(this.completed.has(lease.split(".")[0] ?? "")).toBe(false);
    this.leases.add(lease);
  }

  async submit(given: Step & { do: "submit" }, lease: string): Promise<void> {
    const result = given.large ? "x".repeat(5_000) : { by: lease };
    const submit = { lease, status: given.status, result, error: { message: "It broke." } };
    const answer = await this.project.call(submitResult, { ...submit, poll_next: given.poll_next });
    const before = this.answers.get(lease);
    if (!answer.ok) {
      expect(answer.refusal.reason).toBe("lease_lost");
      expect(before).toBeUndefined();
      return;
    }
    // A lease gets one answer, however often and with whatever it is submitted again.
    expect(answer.value.status).toBe(before ?? ANSWER[given.status]);
    this.answers.set(lease, answer.value.status);
    if (answer.value.status !== "ready") {
      const task = lease.split(".")[0] ?? "";
      expect(this.completed.get(task) ?? lease).toBe(lease);
      this.completed.set(task, lease);
    }
    for (const task of answer.value.next ?? []) this.got(task.lease);
  }
}

const ANSWER = { completed: "completed", failed: "failed", released: "ready" };

function pick<T>(list: readonly T[], number: number): T | undefined {
  return list[number % Math.max(1, list.length)];
}

/** Everything that still can end does, once an agent does nothing but work. */
async function drain(project: Project): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    project.advance(120);
    const tasks = await project.poll("last", { max_tasks: 10 });
    for (const { lease } of tasks) await project.complete(lease);
    const runs = Object.values((await project.dump()).hashes).flatMap((fields) =>
      Object.values(fields).filter((text) => text.includes('"status":"active"')),
    );
    if (runs.length === 0) return;
  }
  throw new Error("something waits for ever");
}

test("nothing that is stored ever contradicts itself, and everything ends", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 45 }), async (steps) => {
      const project = newProject();
      const callers = new Callers(project);
      for (const next of steps) {
        await callers.take(next);
        expect(await project.audit()).toEqual([]);
      }
      await drain(project);
      expect(await project.audit()).toEqual([]);
      for (const [task, lease] of callers.completed) {
        expect((await project.record(task)).lease?.check).toBe(lease.split(".")[2]);
      }
    }),
    { numRuns: Number(process.env["RUNS"] ?? 20) },
  );
});
