/** Submits of which the script asks something first: the result is checked here, since no script decodes what agents wrote. */
import { refuse, type Result } from "../domain/refusal.ts";
import { LIMITS } from "../domain/limits.ts";
import { misfits, sentence } from "../domain/schema-fit.ts";
import { passes, verdictProblems } from "../domain/verdict.ts";
import type { SubmitCheck, Submitted } from "../store/replies.ts";
import type { Store, Submission } from "../store/store.ts";
import { stillHeld } from "./still-held.ts";
import { submitRefusal } from "./submit-refusal.ts";
import { bytesOf } from "./text.ts";

/** At most one further round trip, and that only where the task asks for it. */
export async function submitChecked(
  store: Store,
  submission: Submission,
): Promise<Result<Submitted>> {
  const first = await store.submit(submission);
  if ("refused" in first) return submitRefusal(first.refused, submission.lease);
  if (!("check" in first.said)) return { ok: true, value: first.said };
  const { problems, passed } = judge(first.said.check, submission.result);
  if (problems.length > 0) {
    const { lease } = submission;
    const said = `${sentence(problems)} You still hold the task: submit again.`;
    const { refusal } = refuse("result_schema", said, { task_id: lease.task_id, problems });
    return stillHeld(store, { lease, refusal });
  }
  const submit = {
    ...submission.submit,
    checked: true,
    ...(passed !== undefined && { passed }),
  } as const;
  const second = await store.submit({ ...submission, submit });
  if ("refused" in second) return submitRefusal(second.refused, submission.lease);
  if ("check" in second.said) throw new Error("a checked submit is to be checked again");
  return { ok: true, value: second.said };
}

interface Judgement {
  readonly problems: readonly string[];
  /** Of a verdict: whether it lets the work pass. */
  readonly passed?: boolean;
}

function judge(check: SubmitCheck, result: string): Judgement {
  const value: unknown = result === "" ? null : JSON.parse(result);
  if ("schema" in check) return { problems: misfits(check.schema, value) };
  const { threshold } = check;
  const bytes = bytesOf(result);
  return bytes > LIMITS.verdict_bytes
    ? { problems: [`A verdict has at most ${LIMITS.verdict_bytes} bytes, and this one ${bytes}`] }
    : { problems: verdictProblems(value, threshold), passed: passes(value, threshold) };
}
