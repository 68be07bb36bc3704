/** What reviewers have said of a task so far: for whoever does it again, and for whoever reads it. */
import * as z from "zod";
import type { TaskRecord } from "../domain/task.ts";
import type { TextName } from "../store/texts.ts";
import { cutText, fitting } from "./reply-budget.ts";
import { bytesOf } from "./text.ts";

const stored = z.strictObject({
  round: z.int(),
  agent_id: z.string(),
  verdict: z.looseObject({
    approved: z.boolean(),
    feedback: z.string(),
    score: z.number().nullish(),
    findings: z.array(z.json()).nullish(),
  }),
});

export interface Verdict {
  readonly [field: string]: unknown;
  readonly round: number;
  readonly agent_id: string;
  readonly feedback: string;
}

/** Texts that `earlierVerdicts` takes: of each review that sent the task back, the latest last. */
export function verdictNames({ task_id, verdicts = [] }: TaskRecord): TextName[] {
  return verdicts.map((id) => ({ field: `${task_id}:verdict:${id}` }));
}

export function earlierVerdicts(texts: readonly (string | undefined)[]): Verdict[] {
  return texts.flatMap((text) => {
    if (text === undefined) return [];
    const { round, agent_id, verdict } = stored.parse(JSON.parse(text));
    const { approved, feedback, score, findings } = verdict;
    return {
      round,
      agent_id,
      approved,
      ...(typeof score === "number" && { score }),
      feedback,
      ...(findings && findings.length > 0 && { findings }),
    };
  });
}

/** Texts that `feedbackWithin` takes: those of the verdicts, then what was sent back. */
export function feedbackNames(task: TaskRecord): TextName[] {
  if (!task.verdicts) return [];
  const { task_id, result_blob } = task;
  const result = result_blob === undefined ? { field: `${task_id}:result` } : { blob: result_blob };
  return [...verdictNames(task), result];
}

/** The latest verdict whole if possible, earlier ones as far as they fit, and then what they were about. */
export function feedbackWithin(
  { task_id, verdicts = [] }: TaskRecord,
  { texts, bytes }: { texts: readonly (string | undefined)[]; bytes: number },
): { feedback?: z.infer<ReturnType<typeof z.json>> } {
  const all = earlierVerdicts(texts.slice(0, verdicts.length));
  const latest = all.at(-1);
  if (!latest) return {};
  const whole = fitting(all.toReversed(), bytes).toReversed();
  const tooLong = whole.length === 1 && bytesOf(JSON.stringify(whole)) > bytes;
  const shown = tooLong
    ? [
        {
          round: latest.round,
          agent_id: latest.agent_id,
          feedback: cutText(latest.feedback, bytes / 2),
        },
      ]
    : whole;
  const sent_back = texts[verdicts.length];
  const left = bytes - bytesOf(JSON.stringify(shown));
  const cut = tooLong || whole.length < all.length;
  const feedback = {
    reviews: shown,
    ...(sent_back !== undefined && {
      sent_back: bytesOf(sent_back) <= left ? (JSON.parse(sent_back) as unknown) : pointer(task_id),
    }),
    ...(cut && { all: pointer(task_id).see }),
  };
  return { feedback: z.json().parse(feedback) };
}

function pointer(task_id: string): { see: string } {
  return { see: `get_task_status {task_id: "${task_id}", detail: "full"}` };
}
