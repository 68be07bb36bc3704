/** What of a task needs its orchestrator. */
import { awaitsPromotion, type TaskRecord } from "../../domain/task.ts";

export const NEEDS = ["question", "dead_letter", "late_result", "no_agent", "breaker"] as const;

export interface Need {
  readonly [field: string]: unknown;
  readonly task_id: string;
  readonly why: (typeof NEEDS)[number];
  /** What it is about, and what would help. */
  readonly text: string;
}

/** An error's message is shown up to here: the whole of it is in the task's status. */
const SHOWN = 300;

/** `kinds`: how the task changed; undefined where everything counts that its record says. */
export function needsOf(task: TaskRecord, kinds: ReadonlySet<string> | undefined): Need[] {
  const { task_id, status, discarded_at } = task;
  const is = (kind: string): boolean => kinds === undefined || kinds.has(kind);
  const needs: Need[] = [];
  if (is("question") && task.question !== undefined) {
    const text = `Asks: ${closed(task.question)} control_task: answer (with text).`;
    needs.push({ task_id, why: "question", text });
  }
  if (is("failed") && status === "failed" && discarded_at === undefined) {
    const text = `Failed (${task.error_code}): ${closed(messageOf(task))} control_task: retry (with changes) or discard.`;
    needs.push({ task_id, why: "dead_letter", text });
  }
  if (is("late_result") && awaitsPromotion(task)) {
    const text = `A result came after its lease had ended: look at it with get_task_status detail full; control_task promote_late_result takes it.`;
    needs.push({ task_id, why: "late_result", text });
  }
  return needs;
}

/** Our hint follows what an agent wrote, which may lack its full stop. */
function closed(text: string): string {
  return /[.!?…。！？]\s*$/u.test(text) ? text : `${text}.`;
}

function messageOf({ error = "{}" }: TaskRecord): string {
  const { message = "" } = JSON.parse(error) as { message?: string };
  return message.length > SHOWN ? `${message.slice(0, SHOWN).toWellFormed()}…` : message;
}
