/** One look at what a caller waits for: what is new since its cursor, and how far the cursor then is. */
import { runOf } from "../../domain/ids.ts";
import { isTerminal } from "../../domain/lifecycle.ts";
import type { RunRecord, TaskRecord } from "../../domain/task.ts";
import type { Said } from "../../store/codec.ts";
import type { Store } from "../../store/store.ts";
import { factsFrom, type KnownAgents } from "../why/read-facts.ts";
import { changesSince } from "./changes.ts";
import type { Cursor } from "./cursor.ts";
import { type Need, needsOf } from "./needs.ts";
import type { Target } from "./target.ts";
import { unservedAmong } from "./unserved.ts";

export interface Seen {
  readonly runs: readonly RunRecord[];
  /** The tasks that are waited for by name. */
  readonly named: readonly TaskRecord[];
  /** Those that ended since the cursor and were not taken up again, the last one last. */
  readonly ended: readonly TaskRecord[];
  readonly needs: readonly Need[];
  /** How many changes there were besides, too many to be remembered. */
  readonly missed: number;
  readonly cursor: Cursor;
}

export interface Eyes {
  readonly store: Store;
  readonly agents: () => Promise<KnownAgents>;
}

export async function lookAt(
  { store, agents }: Eyes,
  { target, since, watch_ms }: { target: Target; since: Cursor | undefined; watch_ms?: number },
): Promise<Said<Seen>> {
  const reply = await store.wait({
    runs: target.runs.map((run_id, index) => ({
      run_id,
      ...(since && { after: since.seqs[index] ?? 0 }),
    })),
    ...(target.task_ids && { task_ids: target.task_ids }),
    ...(watch_ms !== undefined && { watch_ms }),
  });
  if ("refused" in reply) return reply;
  const { whole, waiting, related, ...read } = reply.said;
  const facts = factsFrom(read, { agents: [], more_agents: false });
  const runs = target.runs.flatMap((run_id) => facts.runs.get(run_id) ?? []);
  const named = new Set(target.task_ids ?? []);
  // Changes of other runs are not among those that the cursor counts.
  const near = related.filter((task_id) => target.runs.includes(runOf(task_id)));
  const news = target.task_ids
    ? newsOfNamed([...named, ...near], { runs, since })
    : newsOfRun(runs, { since, all: whole ? [...facts.tasks.keys()] : undefined });
  const tasks = news.changed.flatMap(({ task_id, kinds }) => {
    const task = facts.tasks.get(task_id);
    return task ? [{ task, kinds }] : [];
  });
  const unserved = await unservedAmong(
    waiting.flatMap((task_id) => facts.tasks.get(task_id) ?? []),
    { facts, told: new Set(since?.told), agents },
  );
  const said: Seen = {
    runs,
    named: [...named].flatMap((task_id) => facts.tasks.get(task_id) ?? []),
    ended: tasks
      .filter(hasEnded)
      .map(({ task }) => task)
      .toSorted((a, b) => (a.ended_at ?? 0) - (b.ended_at ?? 0)),
    needs: [
      ...tasks.flatMap(({ task, kinds }) => needsOf(task, kinds)),
      ...unserved.flatMap(({ need }) => need ?? []),
    ],
    missed: news.missed,
    cursor: {
      seqs: runs.map(({ seq = 0 }) => seq),
      told: unserved.map(({ token }) => token).toSorted(),
    },
  };
  return { said };
}

/** A task that changed. */
interface Change {
  readonly task_id: string;
  /** Undefined where only its record can tell what happened. */
  readonly kinds: ReadonlySet<string> | undefined;
}

interface News {
  readonly changed: readonly Change[];
  readonly missed: number;
}

interface Since {
  readonly since: Cursor | undefined;
}

function newsOfRun(
  [run]: readonly RunRecord[],
  { since, all }: Since & { readonly all: readonly string[] | undefined },
): News {
  if (!run || all) {
    return { changed: (all ?? []).map((task_id) => ({ task_id, kinds: undefined })), missed: 0 };
  }
  const { changes, missed } = changesSince(run, since?.seqs[0]);
  return { changed: [...changes].map(([task_id, kinds]) => ({ task_id, kinds })), missed };
}

/** Where a run does not remember all changes, the records of the named tasks tell what there is. */
function newsOfNamed(
  task_ids: readonly string[],
  { runs, since }: Since & { readonly runs: readonly RunRecord[] },
): News {
  const remembered = new Map(
    runs.map((run, index) => [run.run_id, changesSince(run, since?.seqs[index])]),
  );
  const changed = task_ids.flatMap((task_id): Change[] => {
    const known = remembered.get(runOf(task_id));
    if (!since || !known || known.missed > 0) return [{ task_id, kinds: undefined }];
    const kinds = known.changes.get(task_id);
    return kinds ? [{ task_id, kinds }] : [];
  });
  return { changed, missed: 0 };
}

function hasEnded({
  task,
  kinds,
}: {
  task: TaskRecord;
  kinds: ReadonlySet<string> | undefined;
}): boolean {
  return isTerminal(task.status) && (kinds === undefined || kinds.has(task.status));
}
