/** Runs one operation for a skin: may this key do it, what did the client mean, do it, log it. */
import { ROLES, type Role } from "../domain/role.ts";
import { refuse, type Result } from "../domain/refusal.ts";
import { recordFault } from "../observability/fault.ts";
import { log } from "../observability/log.ts";
import { readInput } from "./input.ts";
import type { Call, Operation } from "./operation.ts";

export interface Invocation {
  readonly operation: Operation;
  /** The arguments as the client sent them. */
  readonly raw: unknown;
  readonly call: Call;
  readonly skin: "mcp" | "rest";
  /** W3C trace id of the caller, if it sent one. */
  readonly trace_id: string | undefined;
}

/** A refusal is a value; a fault is thrown as `Fault`, already logged. */
export async function invoke(invocation: Invocation): Promise<Result<Record<string, unknown>>> {
  const { operation, call, skin, trace_id } = invocation;
  const { project, key_id, role } = call.caller;
  const about = {
    operation: operation.name,
    skin,
    project,
    key_id,
    role,
    operation_id: call.operation_id,
    trace_id,
  };
  const started = Date.now();
  try {
    const result = await perform(invocation);
    const end = result.ok
      ? { outcome: "ok" as const }
      : { outcome: "refused" as const, reason: result.refusal.reason };
    log("operation", { ...about, ...end, duration_ms: Date.now() - started });
    return result;
  } catch (error) {
    const fault = recordFault(error);
    const end = { outcome: "fault" as const, fault_id: fault.id };
    log("operation", { ...about, ...end, duration_ms: Date.now() - started });
    throw fault;
  }
}

async function perform({
  operation,
  raw,
  call,
}: Invocation): Promise<Result<Record<string, unknown>>> {
  const { role } = call.caller;
  if (!operation.roles.includes(role)) {
    return refuse(
      "role",
      `${operation.name} needs ${article(leastRole(operation))} key; this is ${article(role)} key.`,
    );
  }
  const input = readInput(operation, raw);
  return input.ok ? operation.run(call, input.value) : input;
}

function leastRole(operation: Operation): Role {
  return ROLES.find((role) => operation.roles.includes(role)) ?? "admin";
}

function article(role: Role): string {
  return role === "orchestrator" || role === "admin" ? `an ${role}` : `a ${role}`;
}
