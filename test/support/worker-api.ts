/** A running Worker as programs see it: tool calls over plain HTTP, and what they left in Redis. */
import { z } from "zod";
import { connectRedis } from "../../infra/local/redis/connection.ts";
import { LOCAL_KEYS, type Stack } from "../../infra/local/stack.ts";
import { handedOut, type HandedOut } from "../../src/operations/hand-out.ts";
import { type Dump, dumpProject } from "./dump.ts";

export type KeyRole = keyof typeof LOCAL_KEYS;
export type Body = Readonly<Record<string, unknown>>;

export interface Reply {
  readonly status: number;
  readonly body: Body;
}

/** The tools over REST, with one key. */
export interface Api {
  readonly call: (tool: string, args: object) => Promise<Reply>;
  /** A call that must not be refused. */
  readonly ok: (tool: string, args: object) => Promise<Body>;
  /** Creates one task; returns its id. */
  readonly task: (agent_type: string, more?: object) => Promise<string>;
  /** What the agent gets; without waiting, unless it is asked to. */
  readonly poll: (agent_id: string, more?: object) => Promise<HandedOut[]>;
  /** The one task that the agent gets. */
  readonly claim: (agent_id: string, more?: object) => Promise<HandedOut>;
}

export function apiOf({ baseUrl }: Pick<Stack, "baseUrl">, role: KeyRole = "orchestrator"): Api {
  const call: Api["call"] = async (tool, args) => {
    const response = await fetch(`${baseUrl}/v1/tools/${tool}`, restCall(role, args));
    return { status: response.status, body: record.parse(await response.json()) };
  };
  const ok: Api["ok"] = async (tool, args) => {
    const { status, body } = await call(tool, args);
    if (status !== 200 || "reason" in body)
      throw new Error(`${tool} was refused: ${JSON.stringify(body)}`);
    return body;
  };
  const poll: Api["poll"] = async (agent_id, more = {}) =>
    tasks.parse(await ok("poll_tasks", { agent_id, wait_seconds: 0, ...more })).tasks;
  return {
    call,
    ok,
    poll,
    task: async (agent_type, more = {}) => {
      const args = { agent_type, task_description: `A task for ${agent_type}`, ...more };
      return created.parse(await ok("create_task", args)).task_id;
    },
    claim: async (agent_id, more = {}) => {
      const [task, ...others] = await poll(agent_id, more);
      if (!task || others.length > 0) throw new Error(`${agent_id} did not get exactly one task`);
      return task;
    },
  };
}

/** The request of a tool call. A string is sent as it is. */
export function restCall(role: KeyRole, body: object | string): RequestInit {
  return {
    method: "POST",
    headers: headersOf(role),
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

export function headersOf(role: KeyRole): Record<string, string> {
  return { authorization: `Bearer ${LOCAL_KEYS[role]}`, "content-type": "application/json" };
}

/** Everything that the local stack's one project keeps. */
/** Without `sent`, which the Worker writes some time after its reply, once QStash has taken the tick. */
export async function dumpOf({ redis }: Pick<Stack, "redis">): Promise<Dump> {
  const connection = await connectRedis({ url: redis.url });
  try {
    const dump = await dumpProject(connection, "local");
    const { sent: _sent, ...control } = dump.hashes["control"] ?? {};
    return { ...dump, hashes: { ...dump.hashes, ...(dump.hashes["control"] && { control }) } };
  } finally {
    connection.close();
  }
}

const record = z.record(z.string(), z.unknown());
const tasks = z.looseObject({ tasks: z.array(handedOut).default([]) });
const created = z.looseObject({ task_id: z.string() });
