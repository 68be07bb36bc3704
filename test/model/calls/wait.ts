/** The model of the looks of those who wait, and of those who ask why. */
import { LIMITS } from "../../../src/domain/limits.ts";
import { isTerminal } from "../../../src/domain/lifecycle.ts";
import { type RunRecord, type TaskRecord } from "../../../src/domain/task.ts";
import { type WaitLook, type WhyLook } from "../../../src/store/looks.ts";
import { breakerState, shownBreakers } from "../breakers.ts";
import { obstacleOf } from "../locks.ts";
import { refused, type Reply, said } from "../reply.ts";
import { sweep } from "../sweep.ts";
import { type Routing } from "../making.ts";
import { memberOf, type World } from "../world.ts";

export function wait(world: World, look: WaitLook): Reply {
  const names = [...(look.task_ids ?? []), ...look.runs.map(({ run_id }) => run_id)];
  const missing = names.filter((name) => !world.tasks.has(name) && !world.runs.has(name));
  if (missing.length > 0) return refused({ refused: "not_found", ids: missing });
  sweep(world);
  if (look.watch_ms !== undefined) {
    for (const run of runsAt(
      world,
      look.runs.map(({ run_id }) => run_id),
    )) {
      if ((run.watched_until ?? 0) >= world.now + look.watch_ms / 2) continue;
      run.watched_until = world.now + look.watch_ms;
    }
  }
  const tasks = look.task_ids ? tasksAt(world, look.task_ids) : undefined;
  const [run] = runsAt(world, names);
  const { changed, whole } = tasks
    ? { changed: tasks, whole: true }
    : changedIn(world, { run, after: look.runs[0]?.after });
  const near = tasks ? relatedTo(world, tasks) : [];
  const related = near.filter(({ question, late_results }) => question ?? late_results);
  const waiting = tasks
    ? [...tasks, ...near].filter(
        (task) => task.status === "ready" && (task.not_by !== undefined || isDoubtful(world, task)),
      )
    : waitingIn(world, run);
  return said({
    now: world.now,
    whole,
    records: inOrder([...runsAt(world, names), ...changed, ...waiting, ...related]),
    waiting: waiting.map(({ task_id }) => task_id),
    related: related.map(({ task_id }) => task_id),
    ...service(world, waiting),
  });
}

/** What its run no longer knows is told by its tasks, as far as they are not too many. */
function changedIn(
  world: World,
  { run, after }: { run: RunRecord | undefined; after: number | undefined },
): { changed: TaskRecord[]; whole: boolean } {
  if (!run) throw new Error("the model waits for no run");
  const { run_id, seq = 0, recent = [], needs = [] } = run;
  const first = seq - recent.length;
  const known = after !== undefined && after >= first && after <= seq;
  if (!known && run.tasks <= LIMITS.list_cap) return { changed: tasksOf(world, run), whole: true };
  const from = after !== undefined && after <= seq ? after : 0;
  const kept = needs.map((need) => need.split(" ").map(Number));
  const numbers = [
    ...kept.filter(([at = 0]) => at > from && at <= first).map(([, number]) => number),
    ...recent.slice(known ? after - first : 0).map((change) => change.split(" ", 1)[0]),
  ];
  const ids = numbers.map((number) => `${run_id}t${number}`);
  return { changed: tasksAt(world, ids), whole: false };
}

function isDoubtful(world: World, { agent_type, requires, assignee }: Routing): boolean {
  if (requires || assignee !== undefined) return true;
  if (breakerState(world, `type:${agent_type}`) !== "closed") return true;
  const lately = world.now - LIMITS.types_noted_ms - LIMITS.offline_seconds * 1000;
  const polled = world.types.get(agent_type) ?? 0;
  return (world.watches.get(agent_type) ?? 0) <= world.now && polled < lately;
}

/** The first of the run in each lane that perhaps nobody serves. */
function waitingIn(world: World, run: RunRecord | undefined): TaskRecord[] {
  const found: TaskRecord[] = [];
  let looked = 0;
  for (const type of run?.agent_types ?? []) {
    world.lanes.forEach((lane) => {
      if (lane.agent_type !== type || looked >= LIMITS.lanes_per_claim) return;
      const doubtful = isDoubtful(world, lane);
      if (!doubtful && run?.in_review === undefined) return;
      looked += 1;
      const ready = [...world.tasks.values()]
        .filter((task) => task.status === "ready" && task.lane === lane.id && !task.parked)
        .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0) || compare(a, b))
        .filter(({ task_id }) => isIn(task_id, run));
      const one = (doubtful ? ready[0] : undefined) ?? ready.find(({ not_by }) => not_by);
      if (one) found.push(one);
    });
  }
  return found;
}

/** What they wait for, some steps down. */
function relatedTo(world: World, tasks: readonly TaskRecord[]): TaskRecord[] {
  const found = new Set<TaskRecord>();
  let frontier = [...tasks];
  for (let step = 0; step < LIMITS.why_steps; step++) {
    const further = frontier.flatMap((task) => familyOf(world, task));
    frontier = [...new Set(further)].filter(
      (task) => !isTerminal(task.status) && !tasks.includes(task) && !found.has(task),
    );
    for (const task of frontier) found.add(task);
  }
  return [...found];
}

function familyOf(world: World, task: TaskRecord): TaskRecord[] {
  const { status, dependencies = [], open_children = 0, children = [], review_task } = task;
  const open = status === "blocked" ? dependencies.filter(({ ended }) => !ended) : [];
  return tasksAt(world, [
    ...(open_children > 0 ? children : []),
    ...open.map(({ task_id }) => task_id),
    ...(review_task === undefined ? [] : [review_task]),
  ]);
}

export function why(world: World, look: WhyLook): Reply {
  sweep(world);
  const run_id = "run_id" in look ? look.run_id : look.task_id.replace(/t\d+$/, "");
  const run = world.runs.get(run_id);
  const open =
    "run_id" in look && run
      ? tasksOf(world, run).filter(({ status }) => !isTerminal(status))
      : undefined;
  const shown = new Set(open ?? tasksAt(world, "task_id" in look ? [look.task_id] : []));
  let frontier = [...shown];
  for (let step = 0; step < LIMITS.why_steps; step++) {
    frontier = frontier.flatMap((task) => waitedFor(world, task));
    for (const task of frontier) shown.add(task);
  }
  const ready = [...shown].filter(({ status }) => status === "ready");
  return said({
    now: world.now,
    records: inOrder([...(run ? [run] : []), ...shown]),
    open: open?.length ?? 0,
    ...service(world, ready),
    in_the_way: Object.fromEntries(
      ready
        .filter(({ parked }) => parked !== undefined)
        .map((task) => [task.task_id, obstacleOf({ world, task })]),
    ),
  });
}

function waitedFor(world: World, task: TaskRecord): TaskRecord[] {
  const { status, dependencies = [], suspended_for, children, review_task } = task;
  if (suspended_for === "children") return tasksAt(world, children ?? []);
  if (review_task !== undefined) return tasksAt(world, [review_task]);
  if (status !== "blocked") return [];
  const open = dependencies.filter(({ ended }) => !ended);
  return tasksAt(
    world,
    open.map(({ task_id }) => task_id),
  );
}

/** Who polls, and which breakers stand between these tasks and agents. */
function service(world: World, tasks: readonly TaskRecord[]): object {
  const names = new Set(
    tasks.flatMap(({ agent_type, assignee }) => [
      `breaker:type:${agent_type}`,
      `breaker:agent:${assignee}`,
    ]),
  );
  return {
    types: tasks.length > 0 ? Object.fromEntries(world.types) : {},
    breakers: shownBreakers(world).filter(({ name }) => names.has(name)),
  };
}

function tasksAt(world: World, ids: readonly string[]): TaskRecord[] {
  return ids.flatMap((id) => world.tasks.get(id) ?? []);
}

function runsAt(world: World, ids: readonly string[]): RunRecord[] {
  return ids.flatMap((id) => world.runs.get(id) ?? []);
}

function tasksOf(world: World, run: RunRecord): TaskRecord[] {
  return [...world.tasks.values()].filter(({ task_id }) => isIn(task_id, run));
}

function isIn(task_id: string, run: RunRecord | undefined): boolean {
  return task_id.startsWith(`${run?.run_id}t`);
}

function compare(a: TaskRecord, b: TaskRecord): number {
  return memberOf(a.task_id) < memberOf(b.task_id) ? -1 : 1;
}

/** Each once, in the order of their ids: in which order they are told says nothing. */
export function inOrder(records: readonly (TaskRecord | RunRecord)[]): (TaskRecord | RunRecord)[] {
  const byId = new Map(records.map((record) => [idOf(record), record]));
  return [...byId.values()].toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

function idOf(record: TaskRecord | RunRecord): string {
  return "task_id" in record ? record.task_id : record.run_id;
}
