/** Every operation by its name. A skin serves all of them and knows none. */
import { createTask } from "./create-task.ts";
import { createWorkflow } from "./create-workflow.ts";
import { getDeadLetterTasks } from "./get-dead-letter-tasks.ts";
import { getSharedState } from "./get-shared-state.ts";
import { getTaskStatus } from "./get-task-status.ts";
import { heartbeat } from "./heartbeat.ts";
import { listAgents } from "./list-agents.ts";
import { listTasks } from "./list-tasks.ts";
import type { Operation } from "./operation.ts";
import { pollTasks } from "./poll-tasks.ts";
import { registerAgent } from "./register-agent.ts";
import { setSharedState } from "./set-shared-state.ts";
import { submitResult } from "./submit-result.ts";

export const OPERATIONS: readonly Operation[] = [
  createTask,
  createWorkflow,
  pollTasks,
  heartbeat,
  submitResult,
  getTaskStatus,
  listTasks,
  listAgents,
  getSharedState,
  setSharedState,
  registerAgent,
  getDeadLetterTasks,
];
