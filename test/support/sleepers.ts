/** Agents that wait for work. */
import { expect } from "vitest";
import type { z } from "zod";
import { type RespValue, textOf } from "../../infra/local/redis/resp.ts";
import { LANE_WIDTH } from "../../src/domain/order.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { keysOf } from "../../src/store/keys.ts";
import type { CallOptions, Project } from "./project.ts";
import { eventually } from "./eventually.ts";

export interface Sleeper {
  readonly answer: Promise<z.infer<typeof pollTasks.output>>;
}

type Asked = Partial<z.input<typeof pollTasks.input>>;

/** Begins a wait; resolves once the agent is noted among those that may be woken. */
export async function sleeper(
  project: Project,
  agent_id: string,
  more: Asked = {},
  options: CallOptions = {},
): Promise<Sleeper> {
  const answer = beginWait(project, agent_id, more, options);
  await sleeping(project, agent_id);
  return { answer };
}

export function beginWait(
  project: Project,
  agent_id: string,
  more: Asked = {},
  options: CallOptions = {},
): Sleeper["answer"] {
  // As long as a runner may: a test that moves the clock leaves the wait open.
  const patient = { instance: agent_id, wait_seconds: 900 };
  const asked = { agent_id, agent_type: "implementation", ...patient, ...more };
  return project.ok(pollTasks, asked, options);
}

/** Until all of them are noted. */
export async function sleeping(project: Project, ...agents: string[]): Promise<void> {
  await eventually(async () => {
    const waiting = await sleepersOf(project);
    for (const agent of agents) expect(waiting).toContain(agent);
  });
}

/** Who is noted, and was not woken yet. */
export async function sleepersOf(project: Project): Promise<string[]> {
  const reply = await project.redis.call(["ZRANGE", `baton:{${project.name}}:waiting`, "0", "-1"]);
  if (!Array.isArray(reply)) throw new Error("no list of those that wait");
  return reply.flatMap((member) => (Array.isArray(member) ? [] : textOf(member).slice(40)));
}

export function leaseOf({ tasks = [] }: Awaited<Sleeper["answer"]>): string | undefined {
  return tasks[0]?.lease;
}

/** A ready task that is kept for nobody while somebody sleeps, at one and the same moment; null where there is none. */
export function readyBesideSleepers({ name, redis }: Project): Promise<RespValue> {
  const { project, shards } = keysOf(name);
  const script = `
    if redis.call("ZCARD", KEYS[1]) == 0 then return nil end
    for _, member in ipairs(redis.call("ZRANGE", KEYS[2], ARGV[1], "+inf", "BYSCORE")) do
      local run, task = string.match(member, "^%l(%d+)%l(%d+)$")
      local id = "r" .. run .. "t" .. task
      local record = cjson.decode(redis.call("HGET", KEYS[3 + run % (#KEYS - 2)], id))
      if not record.prefer then return id end
    end
    return nil`;
  const keys = [project.waiting, project.line, ...shards];
  return redis.call(["EVAL", script, String(keys.length), ...keys, String(LANE_WIDTH)]);
}
