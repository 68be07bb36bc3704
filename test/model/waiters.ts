/** The model of agents that sleep until they are woken. Nobody hears a message here, so that whoever is called is struck off. */
import { createHash } from "node:crypto";
import { LIMITS } from "../../src/domain/limits.ts";
import { type AgentRecord } from "../../src/domain/agent.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { type PollingAgent } from "../../src/store/store.ts";
import { type World } from "./world.ts";

/** What somebody may be woken for: a task, or any of a type. */
export type Call = Pick<TaskRecord, "agent_type"> & Partial<TaskRecord>;

export function wake(world: World, task: Call): void {
  const calls = world.wakes.get(task.agent_type) ?? [];
  world.wakes.set(task.agent_type, calls);
  if (calls.length < LIMITS.waiters_per_wake) calls.push(task);
}

/** Where Lua writes what a call has changed so far. */
export function flush(world: World): void {
  for (const [type, calls] of world.wakes) {
    if ((world.watches.get(type) ?? 0) <= world.now) continue;
    const low = digest(type);
    const waiters = [...world.waiting]
      .filter((member) => member.startsWith(low))
      .toSorted()
      .slice(0, LIMITS.waiters_per_wake);
    for (const call of calls) {
      if (call.status !== undefined && call.status !== "ready") continue;
      for (const member of waiters) {
        const agent = world.agents.get(member.slice(low.length));
        if (agent && mayHave(call, agent)) world.waiting.delete(member);
      }
    }
  }
  world.wakes.clear();
}

function mayHave({ assignee, not_by, requires = [] }: Call, agent: AgentRecord): boolean {
  const { agent_id, capabilities = [] } = agent;
  const able = requires.every((needed) => capabilities.includes(needed));
  return able && not_by !== agent_id && (assignee === undefined || assignee === agent_id);
}

interface Visitor {
  readonly agent: AgentRecord;
  readonly asked: PollingAgent;
  readonly type_before: string | undefined;
  readonly hasWork: boolean;
}

/** Whether the agent waits from now on. */
export function noteWaiting(world: World, { agent, asked, type_before, hasWork }: Visitor): void {
  if (agent.listens && type_before !== undefined && type_before !== agent.agent_type) {
    world.waiting.delete(waitingMember({ ...agent, agent_type: type_before }));
    delete agent.listens;
  }
  if (asked.max_tasks === 0) return;
  if (hasWork) delete agent.idle_since;
  else agent.idle_since ??= world.now;
  const waits = asked.wait_ms > 0 && !hasWork;
  delete agent.waits_until;
  delete agent.poll;
  if (waits) agent.waits_until = world.now + asked.wait_ms;
  if (waits && asked.poll !== undefined) agent.poll = asked.poll;
  const member = waitingMember(agent);
  if (waits && asked.listens) {
    world.waiting.add(member);
    agent.listens = true;
  } else if (agent.listens) {
    world.waiting.delete(member);
    delete agent.listens;
  }
}

export function waitingMember({ agent_type, agent_id }: AgentRecord): string {
  return digest(agent_type) + agent_id;
}

function digest(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
