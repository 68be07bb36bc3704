/** What workers are told beside what they asked for. Scripts give the facts; their sentences stand here, and only here. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import type { Notice } from "../store/codec.ts";
import { cutText, fitting } from "./reply-budget.ts";

/** In the output of whatever a worker calls. */
export const notices = z.array(z.string()).optional();

/** Of a reply: the rest is for what was asked for. */
const BYTES = LIMITS.reply_bytes / 4;

/** Absent where there is nothing to tell. What matters most comes first, and of the messages the latest. */
export function sayNotices(facts: readonly Notice[] = []): { notices?: string[] } {
  const said = RANKS.flatMap((kind) =>
    facts
      .filter((notice) => notice.kind === kind)
      .toReversed()
      .map(say),
  );
  return said.length > 0 ? { notices: fitting(said, BYTES) } : {};
}

const RANKS: readonly Notice["kind"][] = ["stop", "ending", "message"];

export function sayCancelled(task_id: string): string {
  return `${task_id} was cancelled: stop, leave your files in a clean state, submit nothing.`;
}

function say(notice: Notice): string {
  switch (notice.kind) {
    case "stop":
      return sayStop(notice);
    case "ending": {
      const left = Math.max(0, Math.floor(notice.left_ms / 1000));
      const limit = notice.why === "deadline" ? "its deadline" : "max_run_seconds";
      return `${notice.task_id} must end within ${left} s (${limit}): submit in time.`;
    }
    case "message":
      return `Message on ${notice.task_id}: ${short(notice)}`;
  }
}

function sayStop({ task_id, status }: Notice & { kind: "stop" }): string {
  switch (status) {
    case "cancelled":
      return sayCancelled(task_id);
    case "running":
      return `Your lease of ${task_id} ran out, and another worker has it: stop working on it.`;
    case "ready":
    case "scheduled":
      return `Your lease of ${task_id} ran out (it is ${status}): submit it at once if it is done, else stop.`;
    default:
      return `${task_id} went on without you (it is ${status}): stop working on it.`;
  }
}

function short({ task_id, text }: Notice & { kind: "message" }): string {
  const cut = cutText(text, BYTES / 2);
  return cut === text
    ? text
    : `${cut}… Read all of it: get_task_status {task_id: "${task_id}", detail: "full"}`;
}
