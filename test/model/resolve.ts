/** Turns a command of a sequence into a call with all its arguments, by what the sequence has led to so far. */
import { runOf } from "../../src/domain/ids.ts";
import { type WaitLook, type WhyLook } from "../../src/store/looks.ts";
import { type Call } from "./call.ts";
import { type Command, type Forgery } from "./commands.ts";
import { controlCall } from "./resolve-control.ts";
import { creation } from "./resolve-create.ts";
import { fire, makeSchedule, removeSchedule } from "./resolve-schedule.ts";
import { beginStaging, goOnStaging } from "./resolve-stage.ts";
import {
  agentId,
  keyOf,
  leaseAt,
  liveLeaseAt,
  name,
  nth,
  runAt,
  type Scene,
  taskAt,
  TYPES,
} from "./scene.ts";

/** Undefined where there is nothing that the command could be about. */
export function resolve(scene: Scene, command: Command): Call | undefined {
  switch (command.do) {
    case "create":
      return creation(scene, command);
    case "poll":
      return visit(scene, command);
    case "restart":
      return restart(scene, command.agent);
    case "beat": {
      if (isVain(scene, command)) return undefined;
      const lease = leaseAt(scene, command);
      const { progress, message } = command;
      const args = {
        lease,
        ...(progress !== undefined && { progress }),
        ...(message && { message }),
      };
      return { op: "heartbeat", args };
    }
    case "submit":
      return isVain(scene, command) ? undefined : submission(scene, command);
    case "control":
      return scene.world.tasks.size > 0 ? controlCall(scene, command) : undefined;
    case "stage":
      return beginStaging(scene, command);
    case "stage on":
      return goOnStaging(scene, command);
    case "cancel run":
      return {
        op: "cancelRun",
        args: { operation_id: name(scene, "op"), run_id: runAt(scene, command.pick) },
      };
    case "write":
      return write(scene, command);
    case "read state":
      return {
        op: "getState",
        args: {
          ...(command.name === undefined
            ? { prefix: "project/" }
            : { name: stateName(command.name) }),
          ...(command.lease !== undefined && {
            lease: leaseAt(scene, { lease: command.lease, forgery: "true" }),
          }),
        },
      };
    case "look":
      return lookAt(scene, command);
    case "tick":
      return tick(scene, command);
    case "force":
      return force(command);
    case "schedule":
      return makeSchedule(scene, command);
    case "fire":
      return scene.world.scheduleSeq > 0 ? fire(scene, command) : undefined;
    case "unschedule":
      return scene.world.scheduleSeq > 0 ? removeSchedule(scene, command) : undefined;
    case "sent": {
      const last = scene.history.ticks.at(-1);
      return last && { op: "sent", args: last.generation };
    }
    case "retire":
      return { op: "retire", args: { cut: command.cut } };
    case "resend":
      return again(scene, command);
    case "sleep":
    case "pass":
    case "pass to timer":
      return undefined;
  }
}

/** Nobody has a lease yet: forged ones alone are worth a call. */
function isVain({ history }: Scene, { forgery }: { forgery: Forgery }): boolean {
  return history.leases.length === 0 && forgery === "true";
}

function visit(scene: Scene, command: Command & { do: "poll" }): Call {
  const { agent, change, max_tasks, lease_seconds, wait_ms, wait, capabilities, instance } =
    command;
  const going = wait === "goes on" ? scene.world.agents.get(agentId(agent))?.poll : undefined;
  const type = TYPES[change === "type" ? (agent + 1) % 2 : agent % 2] ?? "";
  return {
    op: "poll",
    args: {
      agent: {
        agent_id: agentId(agent),
        ...(change !== "no type" && { agent_type: type }),
        ...(capabilities && { capabilities }),
        ...(instance !== undefined && { instance: `process-${instance}` }),
        key_id: change === "key" ? "key-other" : keyOf(agent),
        max_tasks,
        lease_seconds,
        wait_ms,
        ...(wait && { poll: going ?? name(scene, "poll") }),
        ...(wait === "goes on" && { continues: true, listens: true }),
      },
      checks: Array.from({ length: max_tasks }, () => name(scene, "check")),
    },
  };
}

function restart(scene: Scene, agent: number): Call {
  const { leases } = scene.history;
  const kept = leases.filter(({ key_id }) => key_id !== keyOf(agent));
  leases.splice(0, leases.length, ...kept);
  return visit(scene, { do: "poll", agent, max_tasks: 2, lease_seconds: 0, wait_ms: 0 });
}

function submission(scene: Scene, command: Command & { do: "submit" }): Call {
  const { status, category, code, retry_after_ms, result, usage, checked, passed, poll_next } =
    command;
  const { lease: pick, forgery } = command;
  const lease =
    status === "waiting" && forgery === "true"
      ? liveLeaseAt(scene, { lease: pick, fits: ({ children }) => children !== undefined })
      : leaseAt(scene, command);
  const failed = status === "failed";
  return {
    op: "submit",
    args: {
      lease,
      submit: {
        status,
        result_bytes: Buffer.byteLength(result),
        blob: "",
        ...(checked && { checked, passed }),
        ...(failed && {
          error: JSON.stringify({ message: "no", category }),
          error_code: code ?? category,
          category,
          retry_after_ms,
        }),
        ...(usage && { usage }),
        ...(status === "needs_input" && { question: `which ${scene.history.names}?` }),
      },
      result,
      ...(poll_next && {
        agent: { key_id: lease.key_id, max_tasks: 1, lease_seconds: 0, wait_ms: 0 },
        checks: [name(scene, "check")],
      }),
    },
  };
}

function stateName(number: number): string {
  return `project/n${number}`;
}

function write(scene: Scene, command: Command & { do: "write" }): Call {
  const { scope, version, ttl_seconds, key } = command;
  const lease = scene.history.leases.length > 0 ? command.lease : undefined;
  const run_id = scope === undefined ? undefined : runAt(scene, scope);
  const stateKey = `n${command.name}`;
  const full = run_id === undefined ? stateName(command.name) : `${run_id}/${stateKey}`;
  const current = scene.world.state.get(full)?.version ?? 0;
  const wanted = { right: current, wrong: current + 1, none: 0 };
  return {
    op: "setState",
    args: {
      ...(key === undefined
        ? { operation_id: name(scene, "op") }
        : { operation_id: `key:${key}`, fingerprint: `${full}${ttl_seconds}` }),
      name: full,
      key: stateKey,
      value: `{"n":${scene.history.names}}`,
      ...(run_id !== undefined && { run_id }),
      ...(version && { if_version: wanted[version] }),
      ...(ttl_seconds !== undefined && { ttl_seconds }),
      ...(lease !== undefined && { lease: leaseAt(scene, { lease, forgery: "true" }) }),
    },
  };
}

function lookAt(scene: Scene, { at, pick }: Command & { do: "look" }): Call {
  if (at === "agents") return { op: "agents", args: null };
  if (at === "breakers") return { op: "breakers", args: null };
  if (at === "schedules") return { op: "readSchedule", args: null };
  if (at === "wait") return { op: "wait", args: waitLook(scene, pick) };
  if (at === "why") return { op: "why", args: whyLook(scene, pick) };
  if (at === "record") {
    return { op: "read", args: [taskAt(scene, pick), runAt(scene, pick), "r99t1"] };
  }
  const codes = [...scene.world.tasks.values()].flatMap(({ error_code }) => error_code ?? []);
  const code = pick === 0 ? undefined : nth(codes, pick);
  return { op: "letters", args: { limit: 2, ...(code !== undefined && { code }) } };
}

/** At a run, from nowhere or from a cursor that is too old, right or impossible; or at two tasks. */
function waitLook(scene: Scene, pick: number): WaitLook {
  const run_id = runAt(scene, Math.floor(pick / 3));
  const { seq = 0 } = scene.world.runs.get(run_id) ?? {};
  if (pick % 3 === 0) return { runs: [{ run_id }], watch_ms: 70_000 };
  if (pick % 3 === 1) return { runs: [{ run_id, after: Math.max(0, seq + 1 - pick) }] };
  const task_ids = [...new Set([taskAt(scene, pick), taskAt(scene, pick + 1)])];
  const runs = [...new Set(task_ids.map((task_id) => runOf(task_id)))];
  return { runs: runs.map((id) => ({ run_id: id })), task_ids };
}

function whyLook(scene: Scene, pick: number): WhyLook {
  if (pick % 2 === 0) return { task_id: taskAt(scene, Math.floor(pick / 2)) };
  return { run_id: runAt(scene, Math.floor(pick / 2)), from: 1 };
}

function force({ breaker, pick, state }: Command & { do: "force" }): Call {
  const whose = breaker === "type" ? (TYPES[pick % 2] ?? "") : agentId(pick);
  return { op: "breakers", args: { name: `breaker:${breaker}:${whose}`, ...(state && { state }) } };
}

function tick({ history }: Scene, { which, limit, last, resend }: Command & { do: "tick" }): Call {
  const sent = which === "armed" ? history.ticks.at(-1) : history.ticks.at(-2);
  return {
    op: "tick",
    args: {
      limit,
      last,
      resend,
      ...(which !== "watchdog" && sent && { generation: sent.generation }),
    },
  };
}

function again({ history }: Scene, command: Command & { do: "resend" }): Call | undefined {
  const call = nth(history.calls, command.call);
  if (!command.anew || !call) return call;
  history.names += 1;
  const operation_id = `op${history.names}`;
  switch (call.op) {
    case "create":
      return { op: "create", args: { ...call.args, operation_id } };
    case "control":
      return { op: "control", args: { ...call.args, operation_id } };
    case "stage":
      return { op: "stage", args: { ...call.args, operation_id } };
    case "launch":
      return { op: "launch", args: { ...call.args, operation_id } };
    case "cancelRun":
      return { op: "cancelRun", args: { ...call.args, operation_id } };
    case "setState":
      return { op: "setState", args: { ...call.args, operation_id } };
    case "makeSchedule":
      return { op: "makeSchedule", args: { ...call.args, operation_id } };
    case "removeSchedule":
      return { op: "removeSchedule", args: { ...call.args, operation_id } };
    default:
      return call;
  }
}
