/** What an attempt used up, as its worker says: token counts, cost and the like. */
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse, type Result } from "../domain/refusal.ts";

export type Amounts = readonly (readonly [string, number])[];

const NAME = /^[A-Za-z][\w.-]{0,39}$/;

/**
 * The amounts in it, sorted by name. Models pass on what their provider gave them, with names and nested figures among
 * the numbers: finished work is not refused because of those, only what would falsify a sum is.
 */
export function readUsage(usage: unknown): Result<Amounts> {
  if (typeof usage !== "object" || usage === null) return ok([]);
  const amounts = Object.entries(usage).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  const wrong = amounts.find(([name, amount]) => !NAME.test(name) || !isAmount(amount));
  if (wrong || amounts.length > LIMITS.usage_names) {
    const what = wrong ? `; ${JSON.stringify(wrong[0].slice(0, 40))} is none` : "";
    return refuse(
      "invalid",
      `usage takes at most ${LIMITS.usage_names} names with numbers from 0 to ${LIMITS.usage_amount}, such as {input_tokens: 1200, cost_usd: 0.02}${what}. You still hold the task.`,
      { parameters: ["usage"] },
    );
  }
  return ok(amounts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isAmount(amount: number): boolean {
  return amount >= 0 && amount <= LIMITS.usage_amount;
}
