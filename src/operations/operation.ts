/** What an operation is: a name, who may call it, its input and output, and the one function that does it. */
import type * as z from "zod";
import type { Result } from "../domain/refusal.ts";
import type { Role } from "../domain/role.ts";
import type { Services } from "./services.ts";

/** Who calls. Everything an operation touches lives inside `project`. */
export interface Caller {
  readonly project: string;
  readonly key_id: string;
  readonly role: Role;
}

/** One call of an operation: who, with what services, and how long it may wait. */
export interface Call {
  readonly services: Services;
  readonly caller: Caller;
  /** Names this request, so that the Worker's own re-send of it has one effect. */
  readonly operation_id: string;
  /** Fires when the client is gone; also after a normal end, so that clean-up must be idempotent. */
  readonly signal: AbortSignal;
  /** How long the client was configured to wait for an answer, where it says so. */
  readonly max_wait_seconds?: number | undefined;
  /** Present when the client asked for progress: called every few seconds of a wait. */
  readonly progress?: (elapsed_seconds: number, message: string) => void;
}

export interface Operation<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
> {
  readonly name: string;
  readonly roles: readonly Role[];
  /** Strict: an unknown field is a refusal. `input.ts` first reads what real clients send into this shape. */
  readonly input: Input;
  /** Open (loose): a field added later must not break a client that holds a lease. */
  readonly output: Output;
  /** Whether a call may take longer than a moment; then its answer streams from the first byte. */
  readonly waits?: true;
  readonly run: (call: Call, input: z.infer<Input>) => Promise<Result<z.infer<Output>>>;
}

/** Infers the types of an operation; adds nothing. */
export function defineOperation<Input extends z.ZodObject, Output extends z.ZodObject>(
  operation: Operation<Input, Output>,
): Operation<Input, Output> {
  return operation;
}
