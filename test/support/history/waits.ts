/** Whoever waits is told of what has ended and of what is asked, of all of it along its cursors, and of nothing else. */
import { z } from "zod";
import type { Breach, Fact, History } from "../history.ts";
import type { SeenCall } from "../seen-call.ts";
import { TERMINAL } from "./final-state.ts";
import { groupBy } from "./seen.ts";

const asked = z.looseObject({ run_id: z.string().optional(), cursor: z.string().optional() });

const reply = z.looseObject({
  ended: z.array(z.looseObject({ task_id: z.string(), status: z.string() })),
  needs_you: z.array(z.looseObject({ task_id: z.string(), why: z.string() })).default([]),
  cursor: z.string(),
  more: z.string().optional(),
});

interface Look {
  readonly client: string;
  readonly run_id: string;
  readonly began: number;
  readonly ended: number;
  readonly since: string | undefined;
  readonly said: z.infer<typeof reply>;
}

export function checkWaits(history: History): Breach[] {
  const looks = history.calls.flatMap(lookIn).toSorted((a, b) => a.began - b.began);
  const ends = endsIn(history.facts);
  const questions = questionsIn(history.facts);
  const chains = [...groupBy(looks, ({ client, run_id }) => `${client} ${run_id}`).values()];
  return [
    ...looks.flatMap((look) => checkTold(look, { ends, history })),
    ...chains.flatMap((chain) => checkChain(chain, { ends, history })),
    ...chains.flatMap((chain) => checkQuestions(chain, { questions, skew_ms: history.skew_ms })),
  ];
}

function lookIn({ client, tool, args, began, ended = began, outcome }: SeenCall): Look[] {
  if (tool !== "wait_for_tasks" || !("said" in outcome)) return [];
  const { run_id, cursor: since } = asked.parse(args);
  if (run_id === undefined) return [];
  return [{ client, run_id, began, ended, since, said: reply.parse(outcome.said) }];
}

interface Known {
  /** By task, in order. Only of tasks whose whole story is told. */
  readonly ends: ReadonlyMap<string, readonly { readonly at: number; readonly status: string }[]>;
  readonly history: History;
}

function endsIn(facts: readonly Fact[]): Known["ends"] {
  const ends = new Map<string, { at: number; status: string }[]>();
  for (const { type, task_id, at } of facts) {
    if (task_id === undefined) continue;
    if (type === "task.created") ends.set(task_id, []);
    const status = type.replace("task.", "");
    if (TERMINAL.has(status)) ends.get(task_id)?.push({ at, status });
  }
  return ends;
}

/** What is said to have ended did end before, in that way. */
function checkTold({ client, ended, said }: Look, { ends, history }: Known): Breach[] {
  return said.ended.flatMap(({ task_id, status }) => {
    const own = ends.get(task_id);
    const happened = own?.some((end) => end.status === status && end.at <= ended + history.skew_ms);
    if (own === undefined || happened) return [];
    return [{ kind: "untrue", text: `${client} was told that ${task_id} ended as ${status}` }];
  });
}

/**
 * Looks of one client at one run in their order. From one without a cursor on, as long as each goes on where the one
 * before ended, the last of them knows of everything that ended for good before it began.
 */
function checkChain(looks: readonly Look[], { ends, history }: Known): Breach[] {
  const breaches: Breach[] = [];
  let told: Set<string> | undefined;
  let last: Look | undefined;
  for (const look of looks) {
    if (look.since === undefined) told = new Set();
    else if (look.since !== last?.said.cursor) told = undefined;
    last = look;
    // What it was too late to tell of one by one is counted.
    if (look.said.more !== undefined) told = undefined;
    for (const { task_id } of look.said.ended) told?.add(task_id);
    if (!told) continue;
    for (const [task_id, { status }] of history.final.tasks) {
      const end = ends.get(task_id)?.at(-1);
      const over = end?.status === status && end.at < look.began - history.skew_ms;
      if (over && task_id.startsWith(`${look.run_id}t`) && !told.has(task_id)) {
        const text = `${look.client} was never told that ${task_id} is ${status}`;
        breaches.push({ kind: "lost", text });
        told.add(task_id);
      }
    }
  }
  return breaches;
}

/** A task that was suspended with a question, as long as nobody dealt with it. */
interface Question {
  readonly task_id: string;
  readonly from: number;
  until: number;
}

function questionsIn(facts: readonly Fact[]): Question[] {
  const all: Question[] = [];
  const open = new Map<string, Question>();
  for (const { type, task_id = "", suspended_for, at } of facts) {
    if (type === "message.sent") continue;
    const before = open.get(task_id);
    if (before) before.until = at;
    open.delete(task_id);
    if (type !== "task.suspended" || suspended_for !== "answer") continue;
    const question = { task_id, from: at, until: Infinity };
    open.set(task_id, question);
    all.push(question);
  }
  return all;
}

/** As long as a question is open, whoever looks on from its cursors has been told of it. */
function checkQuestions(
  looks: readonly Look[],
  { questions, skew_ms }: { questions: readonly Question[]; skew_ms: number },
): Breach[] {
  const breaches: Breach[] = [];
  let told: Map<string, number> | undefined;
  let last: Look | undefined;
  for (const look of looks) {
    if (look.since === undefined) told = new Map();
    else if (look.since !== last?.said.cursor) told = undefined;
    last = look;
    if (look.said.more !== undefined) told = undefined;
    for (const { task_id, why } of look.said.needs_you) {
      if (why === "question") told?.set(task_id, look.ended);
    }
    for (const { task_id, from, until } of told ? questions : []) {
      const isOpen = from < look.began - skew_ms && until > look.ended + skew_ms;
      const isKnown = (told?.get(task_id) ?? -Infinity) >= from - skew_ms;
      if (!isOpen || isKnown || !task_id.startsWith(`${look.run_id}t`)) continue;
      breaches.push({ kind: "lost", text: `${look.client} was not told what ${task_id} asks` });
      told?.set(task_id, from);
    }
  }
  return breaches;
}
