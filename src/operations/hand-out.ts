/** What a worker is given with a lease: the task's text, the results it builds on, and what earlier attempts left. */
import { formatLease } from "../domain/ids.ts";
import { LIMITS } from "../domain/limits.ts";
import type { AttemptRecord } from "../domain/task.ts";
import { type HandedTask, type Payload, payload } from "../store/replies.ts";
import type { Store } from "../store/store.ts";
import type { TextName } from "../store/texts.ts";
import { childNames, childrenWithin, shownChild } from "./children.ts";
import { feedbackNames, feedbackWithin } from "./feedback.ts";
import { inputNames, inputsWithin } from "./inputs.ts";
import { reviewedResult, reviewNames, reviewText } from "./review-text.ts";
import { cutText, fitting, sizeOf } from "./reply-budget.ts";
import { talk, talkOf } from "./talk.ts";
import { bytesOf } from "./text.ts";
import * as z from "zod";

export const handedOut = z.looseObject({
  lease: z.string(),
  lease_seconds: z.int(),
  fence: z.string(),
  task_description: z.string(),
  context: z.json().optional(),
  inputs: z.record(z.string(), z.json()).optional(),
  previous_errors: z.array(z.string()).optional(),
  notes: z.json().optional(),
  feedback: z.json().optional(),
  result_schema: z.json().optional(),
  ...talk,
  children: z.array(shownChild).optional(),
  held: z.boolean().optional(),
  cut: z.string().optional(),
});

export type HandedOut = z.infer<typeof handedOut>;

/** One further read for all tasks together, and only where one of them has more than rides in its record. */
export async function handOut(
  store: Store,
  {
    tasks,
    now,
    beside = {},
  }: {
    tasks: readonly HandedTask[];
    now: number;
    /** What else the reply says: it has its share of the reply. */
    beside?: object;
  },
): Promise<HandedOut[]> {
  const wanted = tasks.map(namesFor);
  const texts = await store.texts(wanted.flat());
  const bytes = (LIMITS.reply_bytes - sizeOf(beside)) / Math.max(1, tasks.length);
  let offset = 0;
  return tasks.map((task, index) => {
    const names = wanted[index] ?? [];
    const own = texts.slice(offset, offset + names.length);
    offset += names.length;
    return present(task, { texts: own, now, bytes });
  });
}

/** Payload, notes, schema, children, feedback, inputs: in this order, as `present` takes them. */
function namesFor({ record: task, reviewed }: HandedTask): TextName[] {
  return [
    ...(task.payload_blob === undefined ? [] : [{ blob: task.payload_blob }]),
    ...(task.has_notes ? [{ field: `${task.task_id}:notes` }] : []),
    ...(task.has_schema ? [{ field: `${task.task_id}:schema` }] : []),
    ...childNames(task),
    ...feedbackNames(task),
    ...(reviewed ? reviewNames(reviewed) : inputNames(task)),
  ];
}

function present(
  { record, reviewed, payload: inline, held }: HandedTask,
  { texts, now, bytes }: { texts: (string | undefined)[]; now: number; bytes: number },
): HandedOut {
  const { task_id, attempt, lease } = record;
  if (!lease) throw new Error(`${task_id} was handed out without a lease`);
  const rest = [...texts];
  const own = record.payload_blob === undefined ? inline : parsePayload(rest.shift());
  const notes = record.has_notes ? rest.shift() : undefined;
  const schema = record.has_schema ? rest.shift() : undefined;
  const ofChildren = rest.splice(0, childNames(record).length);
  const verdicts = rest.splice(0, feedbackNames(record).length);
  const review = reviewed && reviewText(reviewed, { texts: rest, bytes });
  const feedback = feedbackWithin(record, { texts: verdicts, bytes: bytes / 4 });
  const errors = (record.attempts ?? [])
    .filter(({ outcome }) => !GIVEN_BACK.has(outcome))
    .map(describe);
  const said = talkOf(record, bytes / 6);
  const shown = shareOut(task_id, {
    bytes: bytes - sizeOf(said.talk) - sizeOf(feedback),
    text: review?.text ?? own ?? { task_description: record.title },
    notes,
    schema,
    cut: !said.whole,
  });
  const children = childrenWithin(record, { texts: ofChildren, bytes: shown.left });
  return {
    lease: formatLease({ task_id, attempt, check: lease.check }),
    lease_seconds: Math.max(0, Math.floor((lease.until_ms - now) / 1000)),
    fence: `1.${attempt}`,
    ...(held && { held }),
    ...(errors.length > 0 && {
      previous_errors: fitting(errors.toReversed(), bytes / 8).toReversed(),
    }),
    ...said.talk,
    ...feedback,
    ...shown.parts,
    ...(record.children && { children }),
    ...(review && reviewed
      ? reviewedResult(reviewed, { result: review.result, bytes: shown.left })
      : inputsWithin(record, { texts: rest, bytes: shown.left - sizeOf(children) })),
  };
}

type Parts = Pick<HandedOut, "notes" | "task_description" | "context" | "result_schema" | "cut">;

/** Description first, then the schema, notes and context: what does not fit any more is left out, with the way to it. */
function shareOut(
  task_id: string,
  {
    bytes,
    text: { task_description, context },
    notes,
    schema,
    cut: cutBefore,
  }: {
    bytes: number;
    text: Payload;
    notes: string | undefined;
    schema: string | undefined;
    /** Something is left out already. */
    cut: boolean;
  },
): { parts: Parts; left: number } {
  const description = cutText(task_description, bytes / 2);
  let left = bytes - sizeOf(description);
  const fits = (text: string | undefined): boolean => {
    if (text === undefined || bytesOf(text) > left) return false;
    left -= bytesOf(text);
    return true;
  };
  const contextText = context === undefined ? undefined : JSON.stringify(context);
  const parts = {
    ...(fits(schema) && { result_schema: parse(schema) }),
    ...(fits(notes) && { notes: parse(notes) }),
    task_description: description,
    ...(fits(contextText) && context !== undefined && { context }),
  };
  const whole =
    !cutBefore &&
    description === task_description &&
    "result_schema" in parts === (schema !== undefined) &&
    "notes" in parts === (notes !== undefined) &&
    "context" in parts === (context !== undefined);
  const cut = `Cut. Read all of it: get_task_status {task_id: "${task_id}", detail: "full", offset: 0}`;
  return { parts: whole ? parts : { ...parts, cut }, left };
}

/** Ends of an attempt in which nothing went wrong. */
const GIVEN_BACK: ReadonlySet<AttemptRecord["outcome"]> = new Set([
  "released",
  "waiting",
  "needs_input",
  "completed",
]);

/** Ends of an attempt about which its worker said nothing. */
const ENDS: ReadonlyMap<AttemptRecord["outcome"], string> = new Map([
  ["expired", "its lease ran out"],
  ["replaced", "its process was replaced by another one"],
]);

function describe({ attempt, agent_id, outcome, error, message }: AttemptRecord): string {
  const said =
    error === undefined
      ? undefined
      : z.looseObject({ message: z.string() }).safeParse(parse(error));
  const what = ENDS.get(outcome) ?? said?.data?.message ?? outcome;
  return `attempt ${attempt} (${agent_id}): ${what}${message ? `; it had said: ${message}` : ""}`;
}

function parsePayload(text: string | undefined): Payload | undefined {
  return text === undefined ? undefined : payload.parse(parse(text));
}

function parse(text: string | undefined): z.infer<ReturnType<typeof z.json>> | undefined {
  return text === undefined ? undefined : z.json().parse(JSON.parse(text));
}
