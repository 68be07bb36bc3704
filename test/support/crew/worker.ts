/** A scripted worker: polls, works, heartbeats, and answers in every way that an agent does, good and bad. */
import type { Body } from "../seen-call.ts";
import { inProportion } from "../seeded.ts";
import { delegate, type Helpers, wait } from "./delegate.ts";
import { type Hands, insist, type Leased, tasksIn } from "./hands.ts";

export interface WorkerRole {
  readonly agent_id: string;
  readonly agent_type: string;
  readonly capabilities?: readonly string[];
  /** Seconds that a poll waits for work. */
  readonly wait_seconds: number;
  /** Says which process it is, so that a new one ends what the one before it held. */
  readonly tells_instance: boolean;
  /** Counts its lives. */
  readonly life: string;
  readonly helpers: Helpers;
}

type Fate = (hands: Hands, task: Leased, helpers?: Helpers) => Promise<Leased[] | "dead">;

/** Ends when it should not go on. */
export async function work(hands: Hands, role: WorkerRole): Promise<void> {
  const { chance, mood } = hands;
  let life = 1;
  let idle = 0;
  while (hands.going()) {
    const poll = {
      agent_id: role.agent_id,
      agent_type: role.agent_type,
      ...(role.capabilities && { capabilities: [...role.capabilities] }),
      max_tasks: mood.faithful ? 10 : chance.oneOf([1, 1, 1, 2, 3]),
      wait_seconds: role.wait_seconds,
      lease_seconds: Math.max(1, Math.round(mood.pace * (1 + chance.next()))),
      ...(role.tells_instance && { instance: `${role.life}-${life}` }),
    };
    const tasks = tasksIn(await hands.call("poll_tasks", poll));
    idle = tasks.length > 0 ? 0 : Math.min(idle + 1, 10);
    const died = await workOn(hands, { tasks, helpers: role.helpers });
    if (died) {
      life += 1;
      await hands.sleep(mood.pace * chance.whole(1, 4));
    } else {
      const patience = mood.faithful ? 4 * idle ** 2 : 1 + idle;
      await hands.sleep((mood.pace / 5) * patience * chance.next());
    }
  }
}

async function workOn(
  hands: Hands,
  { tasks, helpers }: { tasks: readonly Leased[]; helpers: Helpers },
): Promise<boolean> {
  const queue = [...tasks];
  for (let task = queue.shift(); task && hands.going(); task = queue.shift()) {
    const next = await fateOf(hands)(hands, task, helpers);
    if (next === "dead") return true;
    queue.push(...next);
  }
  return false;
}

function fateOf({ mood, chance }: Hands): Fate {
  if (mood.faithful) return complete;
  return chance.oneOf(chance.happens(mood.sickness) ? BAD_FATES : FATES);
}

const complete: Fate = async (hands, task) => {
  const { chance, mood } = hands;
  const { lease } = task;
  const poll_next = chance.happens(0.3) && !mood.faithful;
  const submit = { lease, status: "completed", result: answerTo(hands, task), poll_next };
  const outcome = await insist(hands, "submit_result", submit);
  // Children of this attempt or of an earlier one have not ended yet.
  if ("refused" in outcome && outcome.refused["reason"] === "children_open") {
    await wait(hands, task);
  }
  return tasksIn(outcome);
};

/** Long work, with signs of life. */
const completeSlowly: Fate = async (hands, task) => {
  const { chance, mood, sleep, call } = hands;
  for (let beat = chance.whole(1, 4); beat > 0; beat--) {
    await sleep((mood.pace / 2) * chance.next());
    const progress = chance.whole(0, 100);
    const outcome = await call("heartbeat", { lease: task.lease, progress, message: "At it" });
    if ("refused" in outcome && chance.happens(0.5)) return [];
  }
  return complete(hands, task);
};

const completeTwice: Fate = async (hands, task) => {
  const { chance, sleep, mood } = hands;
  const next = await complete(hands, task);
  await sleep(mood.pace * chance.next());
  const submit = { lease: task.lease, status: "completed", result: answerTo(hands, task) };
  await hands.call("submit_result", submit);
  return next;
};

/** After its lease ran out, whether or not somebody else has the task by then. */
const completeLate: Fate = async (hands, task) => {
  const { chance, sleep, call } = hands;
  await sleep(task.lease_seconds * (0.9 + 2 * chance.next()));
  if (chance.happens(0.3)) await call("heartbeat", { lease: task.lease });
  await complete(hands, task);
  return [];
};

const fail: Fate = async (hands, { lease }) => {
  const { chance, mood } = hands;
  const category = chance.oneOf(CATEGORIES);
  const error = {
    message: `It went wrong: ${category}`,
    category,
    ...(chance.happens(0.3) && { code: `code-${chance.whole(1, 3)}` }),
    ...(chance.happens(0.2) && { retry_after_seconds: Math.round(mood.pace * chance.next()) }),
  };
  const poll_next = chance.happens(0.2);
  return tasksIn(
    await insist(hands, "submit_result", { lease, status: "failed", error, poll_next }),
  );
};

const release: Fate = async (hands, { lease }) => {
  const result = { tried: hands.name };
  await insist(hands, "submit_result", { lease, status: "released", result });
  return [];
};

/** Cannot go on without an answer; sometimes it can after all. */
const askSomething: Fate = async (hands, task) => {
  const { chance, name, now } = hands;
  const question = `Which one, asks ${name} at ${now()} (${chance.whole(1, 1e9)})?`;
  const poll_next = chance.happens(0.3);
  const submit = { lease: task.lease, status: "needs_input", question, poll_next };
  const next = tasksIn(await insist(hands, "submit_result", submit));
  if (chance.happens(0.2)) await complete(hands, task);
  return next;
};

/** Notes on the shared board renew the lease that comes along. */
const takeNotes: Fate = async (hands, task) => {
  const { chance, call, sleep, mood } = hands;
  const key = `notes/${chance.whole(1, 3)}`;
  const value = { by: hands.name, task: task.lease };
  await call("set_shared_state", { key, value, lease: task.lease, ttl_seconds: 60 });
  await sleep(mood.pace * chance.next());
  await call("get_shared_state", { prefix: "notes/", lease: task.lease });
  return complete(hands, task);
};

/** Hands out parts, and mostly waits for them. */
const share: Fate = async (hands, task, helpers = []) => {
  const { chance, sleep, mood } = hands;
  await delegate(hands, task, helpers);
  if (chance.happens(0.3)) await sleep(mood.pace * chance.next());
  if (chance.happens(0.2)) return chance.oneOf([complete, fail, forget, askSomething])(hands, task);
  return (await wait(hands, task)) ? [] : complete(hands, task);
};

/** First one answer, then another under the same lease. */
const changeItsMind: Fate = async (hands, task) => {
  await hands.chance.oneOf([fail, release, askSomething, complete])(hands, task);
  await hands.chance.oneOf([fail, release, askSomething, complete])(hands, task);
  return [];
};

const forget: Fate = async () => [];

const die: Fate = async () => "dead";

const beatAndDie: Fate = async ({ call }, { lease }) => {
  await call("heartbeat", { lease });
  return "dead";
};

const FATES = inProportion<Fate>(
  [5, complete],
  [2, completeSlowly],
  [1, completeTwice],
  [2, completeLate],
  [2, fail],
  [1, release],
  [2, askSomething],
  [1, changeItsMind],
  [1, takeNotes],
  [3, share],
  [1, forget],
  [1, die],
  [1, beatAndDie],
);

const BAD_FATES = inProportion<Fate>(
  [3, fail],
  [1, die],
  [1, beatAndDie],
  [1, forget],
  [1, completeLate],
);

const CATEGORIES = inProportion(
  [2, "transient"],
  [1, "agent_error"],
  [1, "timeout"],
  [1, "rate_limited"],
  [1, "dependency"],
  [1, "invalid_input"],
  [1, "permission"],
  [1, "internal"],
);

/** A verdict where one is asked for. Whoever works faithfully lets everything pass. */
function answerTo(hands: Hands, { lease, task_description }: Leased): Body {
  const { chance, mood } = hands;
  const result = resultOf(hands, lease);
  if (!task_description.startsWith("Review the result of ")) return result;
  const approved = mood.faithful || chance.happens(0.6);
  const scored = !mood.faithful && chance.happens(0.4);
  return {
    ...result,
    approved,
    ...(scored && { score: Math.round(chance.next() * 100) / 100 }),
    // Without a word to whoever has to do it again it is no verdict.
    ...((mood.faithful || chance.happens(0.9)) && { feedback: "As it should be, or not quite." }),
  };
}

/** No two submits have the same; some are too long to lie beside the task's record. */
function resultOf({ name, chance, now, mood }: Hands, lease: string): Body {
  const more = chance.happens(0.1) ? { text: "It is done. ".repeat(500) } : {};
  // Some tasks ask for the name.
  const by = (mood.faithful || chance.happens(0.95)) && { by: name };
  return { ...by, lease, at: now(), nth: chance.whole(1, 1e9), ...more };
}
