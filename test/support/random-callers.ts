/** Takes random steps in a project, remembers what callers were told, and expects that it is never contradicted. */
import { expect } from "vitest";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { tick } from "../../src/operations/tick.ts";
import type { Project } from "./project.ts";
import type { Step } from "./random-steps.ts";

const AGENTS = ["ada", "bob", "eve"];

/** How a first submit of each kind may be answered. */
const ANSWERS = {
  completed: ["completed"],
  failed: ["scheduled", "failed"],
  released: ["ready"],
};

const LARGE = "x".repeat(5_000);

export class RandomCallers {
  readonly project: Project;
  readonly tasks: string[] = [];
  readonly leases = new Set<string>();
  readonly answers = new Map<string, string>();
  /** The lease whose result was accepted, by task. */
  readonly accepted = new Map<string, string>();

  constructor(project: Project) {
    this.project = project;
  }

  async take(step: Step): Promise<void> {
    const { project } = this;
    switch (step.do) {
      case "advance":
        project.advance(step.seconds);
        return;
      case "create":
        return this.create(step);
      case "poll":
        return this.poll(step);
      case "submit":
        return this.submit(step);
      case "control":
        return this.control(step);
      case "read": {
        const task_id = pick(this.tasks, step.task);
        if (task_id) await project.call(getTaskStatus, { task_id, detail: "full" });
        return;
      }
      case "tick": {
        const last = project.ticks.at(step.late ? -2 : -1);
        await tick(project.store, last ? { generation: last.generation } : {});
        return;
      }
      case "breaker":
        await project.ok(setBreaker, { agent_type: "implementation", state: step.state });
        return;
      case "retire":
        project.advance(step.days * 86_400);
        await project.store.retire();
        return;
      default:
        return this.hold(step);
    }
  }

  async hold(step: Step & { do: "heartbeat" | "note" }): Promise<void> {
    const lease = pick([...this.leases], step.lease);
    if (lease === undefined) return;
    if (step.do === "heartbeat") {
      await this.project.call(heartbeat, { lease, progress: step.progress, message: "On it." });
      return;
    }
    const ttl = step.ttl === null ? {} : { ttl_seconds: step.ttl + 1 };
    const key = `k${step.lease % 3}`;
    await this.project.call(setSharedState, { key, value: 1, lease, ...ttl });
  }

  async create(step: Step & { do: "create" }): Promise<void> {
    const { project, tasks } = this;
    const kept = await this.kept();
    const names = step.dependencies.flatMap((number) => pick(kept, number) ?? []);
    const at = (seconds: number): string => new Date(project.now() + seconds * 1000).toISOString();
    const id = await project.task({
      priority: step.priority,
      idempotency_key: `key-${tasks.length}`,
      ...(names.length > 0 && { dependencies: [...new Set(names)] }),
      ...(step.long && { context: LARGE }),
      options: {
        ...(step.start !== null && { start_at: at(step.start) }),
        ...(step.deadline !== null && { deadline: at(step.deadline) }),
        ...(step.within !== null && { start_within_seconds: step.within + 1 }),
        ...(step.attempts !== null && { retry: { max_attempts: step.attempts } }),
        ...(step.long && { max_run_seconds: 100 }),
      },
    });
    tasks.push(id);
  }

  /** Tasks that retention has not removed. */
  async kept(): Promise<string[]> {
    const { hashes } = await this.project.dump();
    return this.tasks.filter((id) => Object.values(hashes).some((fields) => id in fields));
  }

  async poll(step: Step & { do: "poll" }): Promise<void> {
    const { max_tasks, lease_seconds, instance } = step;
    const agent_id = `${AGENTS[step.agent]}${instance ? "-runner" : ""}`;
    const given = { max_tasks, lease_seconds, ...(instance && { instance }) };
    // A process that another one took over from is refused; so is a new one by what it held then.
    const got = await this.project.poll(agent_id, given).catch((error: Error) => {
      expect(error.message).toMatch("Another process works as");
      return [];
    });
    for (const { lease } of got) this.got(lease);
  }

  got(lease: string): void {
    expect(this.answers.has(lease)).toBe(false);
    expect(this.accepted.has(taskOf(lease))).toBe(false);
    this.leases.add(lease);
  }

  async submit(step: Step & { do: "submit" }): Promise<void> {
    const { status, category, retry_after } = step;
    const lease = pick([...this.leases], step.lease);
    if (lease === undefined) return;
    const answer = await this.project.call(submitResult, {
      lease,
      status,
      result: step.large ? LARGE : { by: lease },
      error: {
        message: "It broke.",
        category,
        ...(retry_after !== null && { retry_after_seconds: retry_after }),
      },
      poll_next: step.poll_next,
    });
    const before = this.answers.get(lease);
    if (!answer.ok) {
      expect(REFUSALS).toContain(answer.refusal.reason);
      return;
    }
    // A lease gets one answer, however often and with whatever it is submitted again.
    expect(before === undefined ? ANSWERS[status] : [before]).toContain(answer.value.status);
    this.answers.set(lease, answer.value.status);
    if (answer.value.status === "completed") {
      expect(this.accepted.get(taskOf(lease)) ?? lease).toBe(lease);
      this.accepted.set(taskOf(lease), lease);
    }
    for (const task of answer.value.next ?? []) this.got(task.lease);
  }

  async control({
    action,
    tasks,
    wide,
    error_code,
    priority,
  }: Step & { do: "control" }): Promise<void> {
    const task_ids = [...new Set(tasks.flatMap((number) => pick(this.tasks, number) ?? []))];
    const [first] = task_ids;
    if (first === undefined) return;
    const target =
      wide && action === "cancel"
        ? { run_id: first.replace(/t\d+$/, "") }
        : wide && (action === "retry" || action === "discard")
          ? { error_code }
          : { task_ids };
    const changes = action === "set_priority" ? { changes: { priority } } : {};
    const known = await this.kept();
    if ("run_id" in target && !known.includes(first)) return;
    const { changed } = await this.project.control(action, { ...target, ...changes });
    for (const id of changed) expect(known).toContain(id);
  }
}

/** A lease that is over may also have been forgotten: with the task after its retention, or as one of too many. */
const REFUSALS = ["lease_lost", "lease_unknown", "cancelled", "instance_replaced"];

function taskOf(lease: string): string {
  return lease.split(".")[0] ?? "";
}

function pick<T>(list: readonly T[], number: number): T | undefined {
  return list[number % Math.max(1, list.length)];
}
