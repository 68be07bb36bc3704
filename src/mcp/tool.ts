/** What a tool is: an operation, how it is advertised, and to whom. */
import type { Role } from "../domain/role.ts";
import type { Operation } from "../operations/operation.ts";
import { openSchema } from "./open-schema.ts";
import type { ObjectSchema } from "./schema.ts";

/** All four are mandatory: what a client assumes where one is missing is the worst. */
export interface Annotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

export interface ToolDefinition {
  readonly operation: Operation;
  readonly title: string;
  /** What it does and when to use it. Paid for in tokens by every agent. */
  readonly description: string;
  /** Goes out as it is written here; what is accepted is in the operation, and is wider. */
  readonly inputSchema: ObjectSchema;
  readonly annotations: Annotations;
  /** Whose list it is on; a subset of those who may call it. Nobody: served, but not listed. */
  readonly listedFor: readonly Role[];
}

export interface Tool extends ToolDefinition {
  readonly outputSchema: ObjectSchema;
}

/** Derives the advertised output from the operation's. */
export function defineTool(definition: ToolDefinition): Tool {
  return { ...definition, outputSchema: openSchema(definition.operation.output) };
}

/** For tools that only look. */
export const READS: Annotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};
