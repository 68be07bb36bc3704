/** An event as one line: when, what, of what, and a few facts. */
import { clean } from "../text.ts";
import type { SeenEvent } from "./stream.ts";

/** What an event is about is named by the first of these that it has. */
const SUBJECTS = ["task_id", "run_id", "agent_id", "breaker", "schedule_id", "key"];

export function lineOf({ type, data }: SeenEvent): string {
  if (type === "gap") {
    return `gap: what happened before ${clean(String(data["oldest"]))} is no longer known`;
  }
  const { at = "", ...facts } = data;
  const subject = SUBJECTS.find((name) => facts[name] !== undefined);
  const rest = Object.entries(facts)
    .filter(([name]) => name !== subject)
    .map(([name, value]) => `${clean(name)}=${word(isTime(name, value) ? timeOf(value) : value)}`);
  const what = subject === undefined ? [] : [word(facts[subject])];
  return [clean(String(at)), clean(type), ...what, ...rest].join(" ");
}

export function jsonOf({ id, type, data }: SeenEvent): string {
  return JSON.stringify({ ...(id !== undefined && { id }), type, ...data });
}

function word(value: unknown): string {
  const text = clean(typeof value === "string" ? value : JSON.stringify(value));
  return /[\s"]/.test(text) || text === "" ? JSON.stringify(text) : text;
}

/** Times are milliseconds in the log, such as `ready_at`. */
function isTime(name: string, value: unknown): value is number {
  return name.endsWith("_at") && typeof value === "number" && Math.abs(value) <= LATEST_MS;
}

/** Of a `Date`. */
const LATEST_MS = 8.64e15;

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
