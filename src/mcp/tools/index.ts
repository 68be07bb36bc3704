/** Every tool, in the order in which it is listed. */
import { controlTaskTool } from "./control-task.ts";
import { createTaskTool } from "./create-task.ts";
import { createWorkflowTool } from "./create-workflow.ts";
import { getDeadLetterTasksTool } from "./get-dead-letter-tasks.ts";
import { getSharedStateTool } from "./get-shared-state.ts";
import { getTaskStatusTool } from "./get-task-status.ts";
import { heartbeatTool } from "./heartbeat.ts";
import { listAgentsTool } from "./list-agents.ts";
import { listTasksTool } from "./list-tasks.ts";
import { pollTasksTool } from "./poll-tasks.ts";
import { registerAgentTool } from "./register-agent.ts";
import { auditTool } from "./audit.ts";
import { setBreakerTool } from "./set-breaker.ts";
import { setSharedStateTool } from "./set-shared-state.ts";
import { submitResultTool } from "./submit-result.ts";
import { waitForTasksTool } from "./wait-for-tasks.ts";
import type { Tool } from "../tool.ts";

export const TOOLS: readonly Tool[] = [
  createTaskTool,
  createWorkflowTool,
  pollTasksTool,
  heartbeatTool,
  submitResultTool,
  getTaskStatusTool,
  listTasksTool,
  waitForTasksTool,
  controlTaskTool,
  listAgentsTool,
  getSharedStateTool,
  setSharedStateTool,
  setBreakerTool,
  auditTool,
  registerAgentTool,
  getDeadLetterTasksTool,
];
