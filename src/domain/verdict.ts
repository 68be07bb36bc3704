/** What a reviewer's verdict is, and whether it lets the work pass. */
import { type JsonObject, isObject } from "./result-schema.ts";
import { misfits } from "./schema-fit.ts";

const VERDICT = {
  type: "object",
  required: ["approved"],
  properties: {
    approved: { type: "boolean" },
    score: { type: ["number", "null"], minimum: 0, maximum: 1 },
    feedback: { type: ["string", "null"] },
    findings: { type: ["array", "null"] },
  },
} as const satisfies JsonObject;

const SENT_BACK = {
  ...VERDICT,
  required: ["approved", "feedback"],
  properties: { ...VERDICT.properties, feedback: { type: "string", minLength: 1 } },
} as const satisfies JsonObject;

/** It passes if approved and the score, if there is one, reaches the threshold. */
export function passes(verdict: unknown, threshold: number): boolean {
  if (!isObject(verdict) || verdict["approved"] !== true) return false;
  const score = verdict["score"];
  return typeof score !== "number" || score >= threshold;
}

/** What is missing or wrong in it. Whoever sends work back has to say what to change. */
export function verdictProblems(verdict: unknown, threshold: number): string[] {
  if (!isObject(verdict) || typeof verdict["approved"] === "boolean") {
    return misfits(passes(verdict, threshold) ? VERDICT : SENT_BACK, verdict);
  }
  const { feedback } = verdict;
  const reasoned = feedback !== undefined && feedback !== null && feedback !== "";
  const needed = reasoned ? [] : ["feedback (string) is needed where approved is false"];
  return [...misfits(VERDICT, verdict), ...needed];
}
