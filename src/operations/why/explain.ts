/** Finds the cause of a task that does not run: its own, or that of the task which it waits for in the end. */
import { LIMITS } from "../../domain/limits.ts";
import type { TaskRecord } from "../../domain/task.ts";
import { agent } from "./agent.ts";
import { breaker } from "./breaker.ts";
import { cancelling } from "./cancelling.ts";
import { awaitedAmong, children } from "./children.ts";
import { type Cause, type Explain, type Facts, WHYS, type Why } from "./cause.ts";
import { deadlock } from "./deadlock.ts";
import { dependency, waitsOn } from "./dependency.ts";
import { ended } from "./ended.ts";
import { lock } from "./lock.ts";
import { noAgent } from "./no-agent.ts";
import { question } from "./question.ts";
import { review } from "./review.ts";
import { time } from "./time.ts";
import { turn } from "./turn.ts";
import { worker } from "./worker.ts";

/** In the order in which they count. */
const CAUSES: readonly Explain[] = [
  ended,
  cancelling,
  question,
  children,
  time,
  worker,
  review,
  breaker,
  lock,
  turn,
  noAgent,
  agent,
];

export interface Root {
  readonly cause: Cause;
  /** From the task to the one whose cause it is, both included. */
  readonly path: readonly TaskRecord[];
}

/** Its own cause, without a look at what it waits for. */
export function causeOf(task: TaskRecord, facts: Facts): Cause {
  for (const explain of CAUSES) {
    const cause = explain(task, facts);
    if (cause) return cause;
  }
  return dependency(task, facts);
}

/** Of several tasks that it waits for, the one that somebody has to do something about. */
export function rootOf(task: TaskRecord, facts: Facts): Root {
  return follow([task], facts);
}

const WAITS_FOR_TASKS: ReadonlySet<Why> = new Set(["dependency", "children"]);

function follow(path: readonly TaskRecord[], facts: Facts): Root {
  const task = path.at(-1);
  if (!task) throw new Error("nothing to explain");
  const here = { cause: causeOf(task, facts), path };
  if (!WAITS_FOR_TASKS.has(here.cause.why) || path.length > LIMITS.why_steps) return here;
  const upstreams = [...waitsOn(task), ...awaitedAmong(task, facts.tasks)];
  const below = upstreams.flatMap((task_id) => {
    const upstream = facts.tasks.get(task_id);
    const root = upstream && followTo(upstream, { path, facts });
    return root && root.cause.why !== "ended" ? [root] : [];
  });
  return below.toSorted((a, b) => rank(a) - rank(b))[0] ?? here;
}

/** Back to one that was passed already: then these wait for each other. */
function followTo(
  upstream: TaskRecord,
  { path, facts }: { path: readonly TaskRecord[]; facts: Facts },
): Root | undefined {
  if (!path.includes(upstream)) return follow([...path, upstream], facts);
  const cause = deadlock(path.slice(path.indexOf(upstream)));
  return cause && { cause, path };
}

function rank({ cause }: Root): number {
  return WHYS.indexOf(cause.why);
}
