/**
 * What Baton tells about changes. One script call writes one stream entry, whose id is the time of the change; the facts
 * in it are numbered, so that each event has an id of its own.
 */
import * as z from "zod";
import { nearest } from "./nearest.ts";

export const EVENT_TYPES = [
  "task.created",
  "task.ready",
  "task.claimed",
  "task.progress",
  "task.suspended",
  "task.resumed",
  "task.retry_scheduled",
  "task.lease_lost",
  "task.review_requested",
  "task.review_rejected",
  "task.late_result",
  "task.completed",
  "task.failed",
  "task.cancelled",
  "task.skipped",
  "task.discarded",
  "run.created",
  "run.completed",
  "run.failed",
  "run.cancelled",
  "run.reopened",
  "agent.online",
  "agent.offline",
  "breaker.opened",
  "breaker.closed",
  "state.changed",
  "message.sent",
  "schedule.skipped",
  "schedule.failed",
] as const;

const fact = z.looseObject({
  type: z.string(),
  task_id: z.string().optional(),
  run_id: z.string().optional(),
  agent_type: z.string().optional(),
});

export type Fact = z.infer<typeof fact>;

/** One fact with its place in time. */
export interface BatonEvent {
  /** `<milliseconds>-<sequence>-<number within the entry>`: grows with every event of a project. */
  readonly id: string;
  /** Milliseconds of Redis' clock. */
  readonly at: number;
  readonly fact: Fact;
}

/** The events of one stream entry; `facts` is its JSON text. */
export function eventsOf(entryId: string, facts: string): BatonEvent[] {
  const at = Number(entryId.slice(0, entryId.indexOf("-")));
  return z
    .array(fact)
    .parse(JSON.parse(facts))
    .map((one, number) => ({ id: `${entryId}-${number}`, at, fact: one }));
}

const EVENT_ID = /^(\d{1,16}-\d{1,16})(?:-(\d{1,6}))?$/;

/** The stream entry and the number within it; an id without a number means the whole entry. */
export function parseEventId(id: string): { entry: string; number: number } | undefined {
  const match = EVENT_ID.exec(id);
  if (!match?.[1]) return undefined;
  return { entry: match[1], number: match[2] === undefined ? Infinity : Number(match[2]) };
}

/** Whether the event comes after the entry or event of that id. */
export function isAfter(event: Pick<BatonEvent, "id">, id: string): boolean {
  const [a, b] = [parseEventId(event.id), parseEventId(id)];
  if (!a || !b) return true;
  const [ms, sequence] = compare(a.entry, b.entry);
  return (ms || sequence || a.number - b.number) > 0;
}

function compare(a: string, b: string): [ms: number, sequence: number] {
  const [[aMs = 0, aSequence = 0], [bMs = 0, bSequence = 0]] = [numbers(a), numbers(b)];
  return [aMs - bMs, aSequence - bSequence];
}

function numbers(entry: string): number[] {
  return entry.split("-").map(Number);
}

/** The run that an event is about, if it is about one. */
export function runOfFact({ run_id, task_id }: Fact): string | undefined {
  return run_id ?? task_id?.slice(0, task_id.indexOf("t"));
}

/** What somebody wants to hear of. Absent: everything. */
export interface EventFilter {
  /** Exact types, or `task.*` for all that begin so. */
  readonly types?: readonly string[] | undefined;
  readonly agent_types?: readonly string[] | undefined;
  readonly run_ids?: readonly string[] | undefined;
}

export function matches(filter: EventFilter, fact: Fact): boolean {
  const { types, agent_types, run_ids } = filter;
  if (types && !types.some((type) => fits(type, fact.type))) return false;
  if (agent_types && !agent_types.includes(fact.agent_type ?? "")) return false;
  return !run_ids || run_ids.includes(runOfFact(fact) ?? "");
}

function fits(wanted: string, type: string): boolean {
  return wanted === type || (wanted.endsWith(".*") && type.startsWith(wanted.slice(0, -1)));
}

/** Whether a filter's type names any event that there is. */
export function isEventType(wanted: string): boolean {
  return EVENT_TYPES.some((type) => fits(wanted, type));
}

/** What types of a filter begin with. */
const FAMILIES = [...new Set(EVENT_TYPES.map((type) => `${type.slice(0, type.indexOf("."))}.*`))];

/** Says of a filter's type that it names nothing, and what it may have been meant to name. */
export function noSuchEvents(wanted: string): string {
  const meant = nearest(wanted, [...EVENT_TYPES, ...FAMILIES]);
  const instead = meant
    ? `did you mean ${meant}?`
    : `there are ${EVENT_TYPES.join(", ")}, and ${FAMILIES.join(", ")} for all that begin so.`;
  return `there are no events ${JSON.stringify(wanted.slice(0, 40))}; ${instead}`;
}
