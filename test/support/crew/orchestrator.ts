/** A scripted orchestrator: creates tasks and workflows of every kind, and interferes with those that there are. */
import { z } from "zod";
import type { Body, Outcome } from "../seen-call.ts";
import { type Chance, inProportion } from "../seeded.ts";
import { grant } from "./delegate.ts";
import { type Hands, insist } from "./hands.ts";
import { type Cursors, lookAgain } from "./waits.ts";

export interface OrchestratorRole {
  readonly agent_types: readonly string[];
  /** Workers that a task may be assigned to, with the type that each polls for. */
  readonly workers: readonly { readonly agent_id: string; readonly agent_type: string }[];
  /** A capability that some workers have. */
  readonly capability: string;
  /** A type that nobody ever polls for. */
  readonly unserved: string;
  /** Creates at most so many tasks. */
  readonly tasks: number;
  /** Seconds between two deeds, at most. */
  readonly pause_seconds: number;
  /** Makes titles unlike those of an earlier life. */
  readonly life: string;
}

interface Desk extends OrchestratorRole {
  readonly hands: Hands;
  /** Tasks and runs that it knows of. */
  readonly task_ids: string[];
  readonly run_ids: string[];
  readonly cursors: Cursors;
  made: number;
}

type Deed = (desk: Desk) => Promise<void>;

export async function orchestrate(hands: Hands, role: OrchestratorRole): Promise<void> {
  const desk: Desk = { ...role, hands, task_ids: [], run_ids: [], cursors: new Map(), made: 0 };
  while (hands.going() && !hands.mood.faithful) {
    await hands.chance.oneOf(desk.made < role.tasks ? DEEDS : MEDDLING)(desk);
    await hands.sleep(role.pause_seconds * hands.chance.next());
  }
}

const createTask: Deed = async (desk) => {
  const { hands, task_ids } = desk;
  const { chance } = hands;
  const dependencies =
    task_ids.length > 0 && chance.happens(0.3)
      ? [...new Set([chance.oneOf(task_ids), chance.oneOf(task_ids)])]
      : [];
  const said = await create(desk, "create_task", {
    ...newTask(desk),
    ...(dependencies.length > 0 && { dependencies }),
    ...(desk.run_ids.length > 0 && chance.happens(0.3) && { run_id: chance.oneOf(desk.run_ids) }),
  });
  const task_id = z.looseObject({ task_id: z.string() }).safeParse(said).data?.task_id;
  if (task_id !== undefined) task_ids.push(task_id);
};

const createWorkflow: Deed = async (desk) => {
  const { chance } = desk.hands;
  const keys = ["a", "b", "c", "d", "e"].slice(0, chance.whole(2, 5));
  const tasks = keys.map((key, index) => {
    const upstream = keys.slice(0, index).filter(() => chance.happens(0.4));
    return { ...newTask(desk), key, ...(upstream.length > 0 && { dependencies: upstream }) };
  });
  const name = `Workflow ${desk.hands.name} ${desk.life} ${desk.made}`;
  const said = await create(desk, "create_workflow", { name, tasks });
  const run_id = z.looseObject({ run_id: z.string() }).safeParse(said).data?.run_id;
  if (run_id === undefined) return;
  desk.run_ids.push(run_id);
  desk.task_ids.push(...keys.map((_, index) => `${run_id}t${index + 1}`));
};

/** Mostly with a key of its own, and then sent until there is an answer; else sometimes twice, which may make two. */
async function create(desk: Desk, tool: string, args: Body): Promise<Body | undefined> {
  const { hands, made, life } = desk;
  const keyed = hands.chance.happens(0.7);
  const idempotency_key = `${hands.name}-${life}-${made}`;
  const outcome =
    keyed || hands.chance.happens(0.3)
      ? await insist(hands, tool, { ...args, ...(keyed && { idempotency_key }) })
      : await hands.call(tool, args);
  return "said" in outcome ? outcome.said : undefined;
}

function newTask(desk: Desk): Body & { readonly agent_type: string } {
  const { hands, agent_types, unserved, life } = desk;
  const { chance } = hands;
  desk.made += 1;
  const options = optionsOf(desk);
  const assignee = desk.workers.find(({ agent_id }) => agent_id === options["assignee"]);
  const any = chance.happens(0.03) ? unserved : chance.oneOf(agent_types);
  const agent_type = assignee?.agent_type ?? any;
  Object.assign(options, evidenceFor(desk, agent_type));
  return {
    agent_type,
    // The first line is the title, by which the task is known again.
    task_description: `${hands.name} ${life} ${desk.made}\n${sizedText(chance)}`,
    ...(chance.happens(0.3) && { priority: chance.whole(0, 9) }),
    ...(Object.keys(options).length > 0 && { options }),
  };
}

/** What has to be shown before its result counts. Reviewers are such that one is left beside the maker. */
function evidenceFor({ hands: { chance }, agent_types, workers }: Desk, made_by: string): Body {
  const able = agent_types.filter((type) => {
    const served = workers.filter(({ agent_type }) => agent_type === type).length;
    return served > (type === made_by ? 1 : 0);
  });
  return {
    ...(chance.happens(0.1) && { result_schema: { type: "object", required: ["by"] } }),
    ...(able.length > 0 &&
      chance.happens(0.2) && {
        review: {
          agent_type: chance.oneOf(able),
          criteria: "It is as it should be.",
          max_rounds: chance.whole(1, 3),
        },
      }),
  };
}

/** Sometimes too long to lie beside the task's record. */
function sizedText(chance: Chance): string {
  return "Do it. ".repeat(chance.happens(0.1) ? 800 : 1);
}

function optionsOf({ hands, workers, capability }: Desk): Body {
  const { chance, mood, now } = hands;
  const seconds = (times: number): number => Math.max(1, Math.round(mood.pace * times));
  const time = (times: number): string =>
    new Date(now() + seconds(times * chance.next()) * 1000).toISOString();
  return {
    retry: {
      max_attempts: chance.whole(1, 4),
      initial_seconds: mood.pace / 5,
      max_seconds: mood.pace * 3,
      jitter: chance.oneOf(["full", "none"]),
    },
    ...(chance.happens(0.2) && { delegation: grant(hands) }),
    ...(chance.happens(0.15) && { start_at: time(3) }),
    ...(chance.happens(0.15) && { deadline: time(15) }),
    ...(chance.happens(0.1) && { start_within_seconds: seconds(5) }),
    ...(chance.happens(0.1) && { max_run_seconds: seconds(1) }),
    ...(chance.happens(0.2) && { lease_seconds: seconds(1) }),
    ...(chance.happens(0.3) && { trigger_rule: chance.oneOf(["all_done", "one_failed"]) }),
    ...slotsOf(hands),
    // Not both: not every worker has the capability.
    ...(chance.happens(0.1)
      ? { requires: [capability] }
      : chance.happens(0.1) && { assignee: chance.oneOf(workers).agent_id }),
  };
}

/** Few names, so that many tasks want the same. */
function slotsOf({ chance }: Hands): Body {
  const lock = (): string => chance.oneOf(["src/", "src/a", "src/a/x", "src/b", "docs"]);
  return {
    ...(chance.happens(0.3) && { locks: chance.happens(0.3) ? [lock(), lock()] : [lock()] }),
    ...(chance.happens(0.15) && {
      concurrency_key: "deploy",
      ...(chance.happens(0.5) && { concurrency_limit: 2 }),
    }),
  };
}

const look: Deed = async ({ hands, task_ids }) => {
  if (task_ids.length === 0) return;
  const detail = hands.chance.oneOf(["brief", "why", "full"]);
  await hands.call("get_task_status", { task_id: hands.chance.oneOf(task_ids), detail });
};

const wait: Deed = async ({ hands, run_ids, cursors }) => lookAgain(hands, { run_ids, cursors });

const cancelTask: Deed = async (desk) => control(desk, "cancel");

const cancelRun: Deed = async ({ hands, run_ids }) => {
  if (run_ids.length === 0) return;
  await insist(hands, "control_task", { action: "cancel", run_id: hands.chance.oneOf(run_ids) });
};

const setPriority: Deed = async (desk) =>
  control(desk, "set_priority", { changes: { priority: desk.hands.chance.whole(0, 9) } });

/** Retries, discards or leaves dead letters: those listed, or all with one error code. */
const tidyDeadLetters: Deed = async (desk) => {
  const { hands } = desk;
  const { chance } = hands;
  const action = chance.oneOf(["retry", "retry", "discard"]);
  const outcome = await hands.call("list_tasks", { status: "dead_letter", limit: 20 });
  const found = lettersIn(outcome);
  if (found.length === 0) return;
  const { code } = chance.oneOf(found);
  const target = chance.happens(0.3)
    ? { error_code: code }
    : { task_ids: found.filter(() => chance.happens(0.5)).map(({ task_id }) => task_id) };
  if ("task_ids" in target && target.task_ids.length === 0) return;
  const changes = chance.oneOf([
    { priority: 3, options: { retry: { max_attempts: 2, initial_seconds: 0 } } },
    { task_description: `${hands.name} ${desk.life} again\n${sizedText(chance)}` },
  ]);
  await insist(hands, "control_task", {
    action,
    ...target,
    ...(action === "discard" ? { text: "Not worth it" } : chance.happens(0.2) && { changes }),
    ...(chance.happens(0.5) && { idempotency_key: `${hands.name} ${hands.now()}` }),
  });
};

const forceBreaker: Deed = async ({ hands, agent_types, workers }) => {
  const { chance } = hands;
  const whose = chance.happens(0.5)
    ? { agent_type: chance.oneOf(agent_types) }
    : { agent_id: chance.oneOf(workers).agent_id };
  await hands.call("set_breaker", { ...whose, state: chance.oneOf(["open", "closed", "auto"]) });
};

const promote: Deed = async (desk) => {
  const outcome = await desk.hands.call("list_tasks", { status: "late_result", limit: 20 });
  const ids = idsIn(outcome);
  if (ids.length === 0) return;
  const task_ids = [desk.hands.chance.oneOf(ids)];
  await insist(desk.hands, "control_task", { action: "promote_late_result", task_ids });
};

/** Each answer and each message is unlike every other, so that it is known again. */
function words({ hands, life }: Desk, what: string): string {
  return `${what} by ${hands.name} ${life} at ${hands.now()} (${hands.chance.whole(1, 1e9)})`;
}

const answerQuestion: Deed = async (desk) => {
  const outcome = await desk.hands.call("list_tasks", { status: "needs_input", limit: 20 });
  const ids = idsIn(outcome);
  if (ids.length === 0) return;
  const task_ids = [desk.hands.chance.oneOf(ids)];
  const text = words(desk, "Answered");
  await insist(desk.hands, "control_task", { action: "answer", task_ids, text });
};

const sendMessage: Deed = async (desk) => control(desk, "message", { text: words(desk, "Told") });

async function control({ hands, task_ids }: Desk, action: string, more: Body = {}): Promise<void> {
  if (task_ids.length === 0) return;
  const some = [hands.chance.oneOf(task_ids), hands.chance.oneOf(task_ids)];
  await insist(hands, "control_task", { action, task_ids: [...new Set(some)], ...more });
}

const listed = z.looseObject({
  tasks: z.array(z.looseObject({ task_id: z.string(), code: z.string().optional() })),
});

function idsIn(outcome: Outcome): string[] {
  return "said" in outcome ? listed.parse(outcome.said).tasks.map(({ task_id }) => task_id) : [];
}

function lettersIn(outcome: Outcome): { task_id: string; code: string }[] {
  if (!("said" in outcome)) return [];
  return listed
    .parse(outcome.said)
    .tasks.flatMap(({ task_id, code }) => (code === undefined ? [] : [{ task_id, code }]));
}

const MEDDLING = inProportion<Deed>(
  [3, look],
  [4, wait],
  [2, tidyDeadLetters],
  [2, cancelTask],
  [1, cancelRun],
  [1, setPriority],
  [2, promote],
  [3, answerQuestion],
  [2, sendMessage],
);

const DEEDS = [
  ...inProportion<Deed>([6, createTask], [3, createWorkflow], [1, forceBreaker]),
  ...MEDDLING,
];
