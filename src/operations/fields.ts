/** Input fields that several operations share, with their limits. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";

export const jsonObject = z.record(z.string(), z.json());

export const agentType = z.string().trim().min(1).max(LIMITS.agent_type_length);
export const agentId = z.string().trim().min(1).max(LIMITS.agent_id_length);
/** Names one process among those that may run under one agent id. */
export const instance = z.string().trim().min(1).max(64);
export const taskId = z.string().trim().min(1).max(32);
export const runId = z.string().trim().min(1).max(16);
export const lease = z.string().trim().min(1).max(64);
export const priority = z.int().min(0).max(9);
export const idempotencyKey = z.string().min(1).max(LIMITS.idempotency_key_length);
export const capability = z.string().trim().min(1).max(LIMITS.capability_length);
