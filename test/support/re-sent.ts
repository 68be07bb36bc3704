/** Calls that change something, each with what has to come before it. */
import { LIMITS } from "../../src/domain/limits.ts";
import type { Result } from "../../src/domain/refusal.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import type { Project } from "./project.ts";

const LARGE = "x".repeat(LIMITS.inline_bytes);
export const TASK = { agent_type: "implementation", task_description: "Do it." };

export interface Step {
  /** What comes before; its result goes to `act`. */
  readonly prepare?: (project: Project) => Promise<string>;
  readonly act: (
    project: Project,
    call: { given: string; operation_id: string },
  ) => Promise<Result<unknown>>;
}

/** A run of three tasks, the first of them held; returns its lease. */
export const held = async (project: Project): Promise<string> => {
  await project.graph({ a: [], b: ["a"], c: [] });
  return (await project.claim("ada", { lease_seconds: 60 })).lease;
};

/** Chance in the pause before the next attempt would make every project differ. */
const heldWithoutJitter = async (project: Project): Promise<string> => {
  await project.task({ options: { retry: { jitter: "none" } } });
  return (await project.claim("ada")).lease;
};

const buried = async (project: Project): Promise<string> => {
  await project.graph({ a: [], b: ["a"], c: [] });
  await project.bury((await project.claim("ada")).lease, "E1");
  return "r1t1";
};

const ranOut = async (project: Project): Promise<string> => {
  const lease = await held(project);
  project.advance(61);
  await project.poll("eve", { agent_type: "testing" });
  return lease;
};

/** One call of each kind, by what it is. */
export const RE_SENT: Record<string, Step> = {
  create_task: {
    act: (project, { operation_id }) => project.call(createTask, TASK, { operation_id }),
  },
  "create_task with a large context": {
    act: (project, { operation_id }) =>
      project.call(createTask, { ...TASK, context: LARGE }, { operation_id }),
  },
  "create_task in an ended run": {
    prepare: async (project) => {
      await project.task();
      await project.complete((await project.claim("ada")).lease);
      return "r1";
    },
    act: (project, { given, operation_id }) =>
      project.call(createTask, { ...TASK, run_id: given }, { operation_id }),
  },
  create_workflow: {
    act: (project, { operation_id }) =>
      project.call(
        createWorkflow,
        {
          name: "Two",
          agent_type: "implementation",
          tasks: [
            { key: "a", task_description: "A." },
            { key: "b", task_description: LARGE, dependencies: ["a"] },
          ],
        },
        { operation_id },
      ),
  },
  "create_task with an idempotency_key": {
    act: (project) => project.call(createTask, { ...TASK, idempotency_key: "mine" }),
  },
  poll_tasks: {
    prepare: (project) => project.task(),
    act: (project) =>
      project.call(pollTasks, { agent_id: "ada", agent_type: "implementation", wait_seconds: 0 }),
  },
  heartbeat: {
    prepare: held,
    act: (project, { given }) =>
      project.call(heartbeat, { lease: given, progress: 5, message: "On it." }),
  },
  "a late heartbeat": {
    prepare: ranOut,
    act: (project, { given }) => project.call(heartbeat, { lease: given }),
  },
  "submit_result completed": {
    prepare: held,
    act: (project, { given }) =>
      project.call(submitResult, { lease: given, status: "completed", result: LARGE }),
  },
  "submit_result failed": {
    prepare: heldWithoutJitter,
    act: (project, { given }) =>
      project.call(submitResult, { lease: given, status: "failed", error: { message: "No." } }),
  },
  "submit_result failed for good": {
    prepare: held,
    act: (project, { given }) =>
      project.call(submitResult, {
        lease: given,
        status: "failed",
        error: { message: "No.", category: "permission" },
      }),
  },
  "submit_result released": {
    prepare: held,
    act: (project, { given }) =>
      project.call(submitResult, { lease: given, status: "released", result: "notes" }),
  },
  "submit_result needs_input": {
    prepare: held,
    act: (project, { given }) =>
      project.call(submitResult, { lease: given, status: "needs_input", question: "Which?" }),
  },
  "submit_result with poll_next": {
    prepare: held,
    act: (project, { given }) =>
      project.call(submitResult, { lease: given, status: "completed", poll_next: true }),
  },
  "a late submit_result": {
    prepare: ranOut,
    act: (project, { given }) => project.call(submitResult, { lease: given, status: "completed" }),
  },
  "a submit_result that is too late": {
    prepare: async (project) => {
      const lease = await ranOut(project);
      await project.claim("bob");
      return lease;
    },
    act: (project, { given }) =>
      project.call(submitResult, { lease: given, status: "completed", result: LARGE }),
  },
  "control_task cancel": {
    prepare: held,
    act: (project, { operation_id }) =>
      project.call(controlTask, { action: "cancel", task_ids: ["r1t1"] }, { operation_id }),
  },
  "control_task cancel of a run": {
    prepare: held,
    act: (project, { operation_id }) =>
      project.call(controlTask, { action: "cancel", run_id: "r1" }, { operation_id }),
  },
  "control_task retry": {
    prepare: buried,
    act: (project, { given, operation_id }) =>
      project.call(controlTask, { action: "retry", task_ids: [given] }, { operation_id }),
  },
  "control_task retry with a large new input": {
    prepare: buried,
    act: (project, { operation_id }) =>
      project.call(
        controlTask,
        { action: "retry", task_ids: ["r1t1"], changes: { task_description: LARGE } },
        { operation_id },
      ),
  },
  "control_task retry of all with one code": {
    prepare: buried,
    act: (project, { operation_id }) =>
      project.call(controlTask, { action: "retry", error_code: "E1" }, { operation_id }),
  },
  "control_task discard": {
    prepare: buried,
    act: (project, { given, operation_id }) =>
      project.call(
        controlTask,
        { action: "discard", task_ids: [given], text: "Known." },
        { operation_id },
      ),
  },
  "control_task answer": {
    prepare: async (project) => {
      const lease = await held(project);
      await project.ok(submitResult, { lease, status: "needs_input", question: "Which?" });
      return "r1t1";
    },
    act: (project, { given, operation_id }) =>
      project.call(
        controlTask,
        { action: "answer", task_ids: [given], text: "This." },
        { operation_id },
      ),
  },
  "control_task message": {
    prepare: held,
    act: (project, { operation_id }) =>
      project.call(
        controlTask,
        { action: "message", task_ids: ["r1t1", "r1t2"], text: "Hurry." },
        { operation_id },
      ),
  },
  "heartbeat with a message to hear": {
    prepare: async (project) => {
      const lease = await held(project);
      await project.control("message", { task_ids: ["r1t1"], text: "Hurry." });
      return lease;
    },
    act: (project, { given }) => project.call(heartbeat, { lease: given }),
  },
  "poll_tasks of an agent that lost its task": {
    prepare: async (project) => {
      await held(project);
      await project.control("cancel", { task_ids: ["r1t1"] });
      return "r1t1";
    },
    act: (project) => project.call(pollTasks, { agent_id: "ada", max_tasks: 0, wait_seconds: 0 }),
  },
  "control_task promote_late_result": {
    prepare: async (project) => {
      const lease = await ranOut(project);
      await project.claim("bob");
      await project.refusal(submitResult, { lease, status: "completed", result: LARGE });
      return "r1t1";
    },
    act: (project, { given, operation_id }) =>
      project.call(
        controlTask,
        { action: "promote_late_result", task_ids: [given] },
        { operation_id },
      ),
  },
  "control_task set_priority": {
    prepare: held,
    act: (project, { operation_id }) =>
      project.call(
        controlTask,
        { action: "set_priority", task_ids: ["r1t2", "r1t3"], changes: { priority: 0 } },
        { operation_id },
      ),
  },
  "control_task with an idempotency_key": {
    prepare: buried,
    act: (project, { given }) =>
      project.call(controlTask, {
        action: "retry",
        task_ids: [given],
        idempotency_key: "mine",
      }),
  },
  set_breaker: {
    prepare: held,
    act: (project, { operation_id }) =>
      project.call(setBreaker, { agent_type: "implementation", state: "open" }, { operation_id }),
  },
  set_shared_state: {
    act: (project, { operation_id }) =>
      project.call(setSharedState, { key: "k", value: [1] }, { operation_id }),
  },
  "set_shared_state with if_version": {
    prepare: async (project) => {
      await project.ok(setSharedState, { key: "k", value: 0 });
      return "k";
    },
    act: (project, { given, operation_id }) =>
      project.call(setSharedState, { key: given, value: 1, if_version: 1 }, { operation_id }),
  },
  "set_shared_state with a lease": {
    prepare: held,
    act: (project, { given, operation_id }) =>
      project.call(setSharedState, { key: "k", value: 1, lease: given }, { operation_id }),
  },
  "set_shared_state with an idempotency_key": {
    act: (project) =>
      project.call(setSharedState, { key: "k", value: 1, if_version: 0, idempotency_key: "mine" }),
  },
};
