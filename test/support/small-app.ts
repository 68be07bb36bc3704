/** The app over a few operations that do next to nothing, for what the skins do before and after an operation. */
import * as z from "zod";
import { createApp } from "../../src/app.ts";
import { ok, refuse } from "../../src/domain/refusal.ts";
import { EVERYBODY, ORCHESTRATORS, type Role } from "../../src/domain/role.ts";
import { defineTool, READS } from "../../src/mcp/tool.ts";
import type { Composition } from "../../src/operations/composition.ts";
import { type Caller, defineOperation, type Operation } from "../../src/operations/operation.ts";
import { createScheduleStore } from "../../src/store/schedules.ts";
import { createStore } from "../../src/store/store.ts";
import { createTransport } from "../../src/store/transport.ts";

const echo = defineOperation({
  name: "echo",
  roles: EVERYBODY,
  input: z.strictObject({
    text: z.string().min(1),
    data: z.json().optional(),
    idempotency_key: z.string().optional(),
  }),
  output: z.looseObject({ text: z.string(), data: z.json().optional() }),
  run: async ({ caller }, input) => ok({ ...input, role: caller.role }),
});

const steer = defineOperation({
  name: "steer",
  roles: ORCHESTRATORS,
  input: z.strictObject({}),
  output: z.looseObject({}),
  run: async () => ok({ steered: true }),
});

const decline = defineOperation({
  name: "decline",
  roles: EVERYBODY,
  input: z.strictObject({}),
  output: z.looseObject({ held_by: z.int().optional() }),
  run: async () => refuse("lease_lost", "Another worker has r1t1. Stop.", { task_id: "r1t1" }),
});

export const SECRET = "payload-that-nobody-may-see";

const collapse = defineOperation({
  name: "collapse",
  roles: EVERYBODY,
  input: z.strictObject({}),
  output: z.looseObject({}),
  run: async () => {
    throw new Error(`ERR value, command was: ["evalsha","${SECRET}"]`);
  },
});

const wait = defineOperation({
  name: "wait",
  roles: EVERYBODY,
  waits: true,
  input: z.strictObject({ reports: z.int().optional() }),
  output: z.looseObject({ waited: z.boolean() }),
  run: async ({ progress }, { reports = 0 }) => {
    for (let elapsed = 1; elapsed <= reports; elapsed += 1) progress?.(elapsed * 10, "Waiting");
    return ok({ waited: true, asked_for_progress: progress !== undefined });
  },
});

const OPERATIONS: readonly Operation[] = [echo, steer, decline, collapse, wait];

const TOOLS = OPERATIONS.map((operation) =>
  defineTool({
    operation,
    title: operation.name,
    description: `Does ${operation.name}.`,
    inputSchema: { type: "object", properties: {} },
    annotations: READS,
    listedFor: operation === decline ? [] : operation.roles,
  }),
);

export function keyOf(role: Role): string {
  return `btn_test_${role}`;
}

function callerOf(key: string): Caller | undefined {
  const role = EVERYBODY.find((known) => keyOf(known) === key);
  return role && { project: "test", key_id: `test-${role}`, role };
}

/** No Redis is behind it: nothing listens on the discard port. */
export function smallApp(parts: Partial<Composition> = {}) {
  const transport = createTransport({ url: "http://127.0.0.1:9", token: "none" });
  const composition: Composition = {
    services: {
      store: createStore({ transport, project: "test" }),
      schedules: createScheduleStore({ transport, project: "test" }),
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    },
    authenticate: async (key) => callerOf(key),
    allowedHosts: [],
    openMcp: undefined,
    ...parts,
  };
  return createApp<object>({ compose: () => composition, operations: OPERATIONS, tools: TOOLS });
}

/** A tool call over REST; a string is sent as it is. */
export function post(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return {
    method: "POST",
    headers: {
      authorization: `Bearer ${keyOf("worker")}`,
      "content-type": "application/json",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}
