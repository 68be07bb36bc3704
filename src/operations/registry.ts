/** Every operation by its name. A skin serves all of them and knows none. */
import { audit } from "./audit.ts";
import { controlTask } from "./control-task.ts";
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
import { setBreaker } from "./set-breaker.ts";
import { setSharedState } from "./set-shared-state.ts";
import { submitResult } from "./submit-result.ts";
import { createWebhook } from "./webhooks/create-webhook.ts";
import { deleteWebhook } from "./webhooks/delete-webhook.ts";
import { listDeliveries } from "./webhooks/list-deliveries.ts";
import { listWebhooks } from "./webhooks/list-webhooks.ts";
import { replayDeliveries } from "./webhooks/replay-deliveries.ts";
import { rotateWebhookSecret } from "./webhooks/rotate-webhook-secret.ts";
import { testWebhook } from "./webhooks/test-webhook.ts";
import { updateWebhook } from "./webhooks/update-webhook.ts";
import { waitForTasks } from "./wait-for-tasks.ts";

export const OPERATIONS: readonly Operation[] = [
  createTask,
  createWorkflow,
  pollTasks,
  heartbeat,
  submitResult,
  getTaskStatus,
  listTasks,
  waitForTasks,
  controlTask,
  listAgents,
  getSharedState,
  setSharedState,
  setBreaker,
  audit,
  registerAgent,
  getDeadLetterTasks,
  createWebhook,
  listWebhooks,
  updateWebhook,
  deleteWebhook,
  rotateWebhookSecret,
  testWebhook,
  listDeliveries,
  replayDeliveries,
];
