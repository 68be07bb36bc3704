/** Questions and messages: an answer reaches the attempts after it, and nobody works on what waits for one. */
import { z } from "zod";
import type { Breach, Fact, History } from "../history.ts";
import { BY_PEOPLE } from "../crew/people.ts";
import type { SeenCall } from "../seen-call.ts";
import { groupBy } from "./seen.ts";

export function checkTalk(history: History): Breach[] {
  const facts = history.facts.filter(({ task_id }) => task_id !== undefined);
  return [
    ...[...groupBy(facts, ({ task_id = "" }) => task_id)].flatMap(([id, own]) =>
      checkUnanswered(id, own),
    ),
    ...checkShown(history),
    ...checkStops(history),
  ];
}

/** What a task that waits for an answer may do next: be answered, or end; a promoted result may be reviewed. */
const ENDS_THE_WAIT = new Set([
  "task.resumed",
  "task.review_requested",
  "task.completed",
  "task.failed",
  "task.cancelled",
]);

function checkUnanswered(task_id: string, facts: readonly Fact[]): Breach[] {
  let waits = false;
  const breaches: Breach[] = [];
  for (const { type, attempt } of facts) {
    if (type === "task.suspended") waits = true;
    else if (ENDS_THE_WAIT.has(type)) waits = false;
    else if (type === "task.claimed" && waits) {
      const text = `attempt ${attempt} of ${task_id} began before its question was answered`;
      breaches.push({ kind: "untrue", text });
    }
  }
  return breaches;
}

interface Said {
  readonly action: "answer" | "message";
  readonly task_id: string;
  readonly text: string;
  /** When it was acknowledged; never where nobody knows whether it was taken. */
  readonly known: number;
}

const saying = z.looseObject({
  action: z.enum(["answer", "message"]),
  task_ids: z.array(z.string()),
  text: z.string(),
});

const changed = z.looseObject({ changed: z.array(z.string()) });

function sayingsIn(calls: readonly SeenCall[]): Said[] {
  return calls.flatMap(({ tool, args, ended, outcome }) => {
    const said = tool === "control_task" ? saying.safeParse(args).data : undefined;
    if (!said) return [];
    const taken = "said" in outcome ? changed.parse(outcome.said).changed : [];
    return said.task_ids.map((task_id) => ({
      action: said.action,
      task_id,
      text: said.text,
      known: taken.includes(task_id) ? (ended ?? Infinity) : Infinity,
    }));
  });
}

interface Shown {
  readonly task_id: string;
  readonly lease: string;
  readonly began: number;
  readonly answer: readonly string[];
  readonly message: readonly string[];
}

const handed = z.looseObject({
  lease: z.string(),
  answers: z.array(z.looseObject({ answer: z.string() })).default([]),
  messages: z.array(z.string()).default([]),
  /** Something is left out. */
  cut: z.string().optional(),
});

function shownIn(calls: readonly SeenCall[]): Shown[] {
  return calls.flatMap(({ tool, began, outcome }) => {
    if (!("said" in outcome) || (tool !== "poll_tasks" && tool !== "submit_result")) return [];
    const { tasks, next } = outcome.said;
    const given = tasks ?? (Array.isArray(next) ? next : []);
    return z
      .array(handed)
      .parse(given)
      .filter(({ cut }) => cut === undefined)
      .map(({ lease, answers, messages }) => ({
        task_id: lease.replace(/\..*/, ""),
        lease,
        began,
        answer: answers.map(({ answer }) => answer),
        message: messages,
      }));
  });
}

/** Fewer than are kept of each: then none may be missing. */
const KEPT = { answer: 10, message: 5 };

function checkShown({ calls, skew_ms }: History): Breach[] {
  const byTask = groupBy(sayingsIn(calls), ({ task_id }) => task_id);
  return shownIn(calls).flatMap((shown) => {
    const ofTask = byTask.get(shown.task_id) ?? [];
    return (["answer", "message"] as const).flatMap((action) => {
      const said = ofTask.filter((one) => one.action === action);
      return compare({ shown, action, said, skew_ms });
    });
  });
}

function compare({
  shown,
  action,
  said,
  skew_ms,
}: {
  shown: Shown;
  action: Said["action"];
  said: readonly Said[];
  skew_ms: number;
}): Breach[] {
  const texts = new Set(said.map(({ text }) => text));
  const due = said.filter(({ known }) => known + skew_ms < shown.began);
  const missing = due.filter(({ text }) => !shown[action].includes(text));
  const lost = said.length > KEPT[action] ? [] : missing;
  const invented = shown[action].filter((text) => !text.startsWith(BY_PEOPLE) && !texts.has(text));
  return [
    ...lost.map(({ text }) => ({
      kind: "lost" as const,
      text: `${shown.lease} was given without the ${action} "${text}"`,
    })),
    ...invented.map((text) => ({
      kind: "untrue" as const,
      text: `${shown.lease} came with the ${action} "${text}", which nobody gave`,
    })),
  ];
}

const told = z.looseObject({ notices: z.array(z.string()).default([]) });

/** Nobody is told that a task was cancelled which was not. */
function checkStops({ calls, facts }: History): Breach[] {
  const cancelled = new Set(
    facts.filter(({ type }) => type === "task.cancelled").map(({ task_id }) => task_id),
  );
  return calls.flatMap(({ client, outcome }) => {
    const notices = "said" in outcome ? told.parse(outcome.said).notices : [];
    return notices.flatMap((notice): Breach[] => {
      const task_id = /^(r\d+t\d+) was cancelled/.exec(notice)?.[1];
      if (task_id === undefined || cancelled.has(task_id)) return [];
      return [{ kind: "untrue", text: `${client} was told that ${task_id} was cancelled` }];
    });
  });
}
