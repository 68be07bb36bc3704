/**
 * Reads what real clients send into what an operation takes. Accepted is wider than advertised, since models and their
 * clients put null into optional parameters, send JSON as text and add parameters of their own; whatever cannot be
 * read is refused in one message that names every problem of the call.
 */
import type * as z from "zod";
import { refuse, type Result } from "../domain/refusal.ts";
import { describeIssues, type Problem, sayProblems, show } from "./input-problems.ts";
import { DEEPEST, isObject, parseText, tooDeep, wellFormed } from "./json-text.ts";
import type { Operation } from "./operation.ts";
import { readObject } from "./read-object.ts";

/** The input of `operation` from `raw`, the arguments of one call as they came. Never throws. */
export function readInput<Input extends z.ZodObject>(
  operation: Pick<Operation<Input>, "name" | "input">,
  raw: unknown,
): Result<z.infer<Input>> {
  const given = parseText(raw ?? {});
  if (!isObject(given)) {
    return refuse(
      "invalid",
      `${operation.name} takes an object of named parameters; given ${show(raw)}.`,
    );
  }
  const problems: Problem[] = [];
  const read = readObject({ schema: operation.input, value: given, path: [], problems });
  if (tooDeep(read)) {
    return refuse("invalid", `${operation.name}: values may be nested ${DEEPEST} levels deep.`);
  }
  const parsed = operation.input.safeParse(wellFormed(read));
  if (parsed.success && problems.length === 0) return { ok: true, value: parsed.data };
  if (!parsed.success) problems.push(...describeIssues(operation.input, read, parsed.error.issues));
  return sayProblems(problems);
}
