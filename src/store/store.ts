/** What Baton keeps, as one method per script. Each is one round trip; nothing here decides anything. */
import type * as z from "zod";
import type { Category } from "../domain/failure.ts";
import type { TaskOptions } from "../domain/options.ts";
import type { DependencyRecord, TaskRecord } from "../domain/task.ts";
import {
  agentsReply,
  type ArmedTick,
  auditReply,
  breakersReply,
  cancelRunReply,
  controlReply,
  createReply,
  deadReply,
  decode,
  healthReply,
  heartbeatReply,
  listReply,
  pollReply,
  readReply,
  rehearseReply,
  retireReply,
  type Said,
  sentReply,
  stateGetReply,
  stateSetReply,
  type StoreHealth,
  submitReply,
  tickReply,
  waitReply,
  whyReply,
} from "./codec.ts";
import { createEventLog, type EventLog } from "./event-log.ts";
import { keysOf } from "./keys.ts";
import type { Script } from "./script.ts";
import { SCRIPTS } from "./scripts.ts";
import type { DeadListing, Listing, Look, RunRange, WaitLook, WhyLook } from "./looks.ts";
import type { BreakerForce, Control, Identified, StateRead, StateWrite } from "./steering.ts";
import type { HeldLease } from "./held-lease.ts";
import { stagingOf, type StagingStore } from "./staging.ts";
import { readTexts, type TextName } from "./texts.ts";
import type { Subscription } from "./subscription.ts";
import type { Transport } from "./transport.ts";

/** A dependency as asked for: `number` counts the tasks of the same call from 1, `task_id` names an existing one. */
export type WantedDependency = Pick<DependencyRecord, "key"> &
  ({ readonly number: number } | { readonly task_id: string });

export type NewTask = Pick<TaskRecord, "title" | "agent_type" | "priority" | "payload_bytes"> &
  Partial<
    Pick<
      TaskRecord,
      | "requires"
      | "assignee"
      | "start_at"
      | "start_within_seconds"
      | "deadline"
      | "retry"
      | "locks"
      | "concurrency_key"
      | "concurrency_limit"
      | "lease_seconds"
      | "max_run_seconds"
      | "trigger_rule"
      | "payload_blob"
      | "idempotency_key"
      | "has_schema"
    >
  > & {
    readonly dependencies?: readonly WantedDependency[];
    /** As asked for: what is missing is worked out from what its parent has left. */
    readonly delegation?: NonNullable<TaskOptions["delegation"]>;
    /** The script finds the lane. */
    readonly review?: Omit<NonNullable<TaskRecord["review"]>, "lane">;
  };

/** JSON text that lies beside the record of a new task: the schema that its result has to fit, or what reviewers go by. */
export interface TextBeside {
  /** Of the task within its call, from 1. */
  readonly number: number;
  readonly name: "schema" | "criteria";
  readonly text: string;
}

export interface Creation {
  readonly operation_id: string;
  readonly created_by: string;
  /** The tasks become children of the lease's task, in the run of which they are created. */
  readonly lease?: HeldLease;
  readonly run_id?: string;
  readonly name?: string;
  /** The schedule that makes this run. */
  readonly schedule?: string;
  readonly tasks: readonly NewTask[];
  /** JSON text of each task's description and context. */
  readonly payloads: readonly string[];
  readonly texts: readonly TextBeside[];
  /** Numbers of the tasks, from 1, in an order in which dependencies come before their dependents. */
  readonly sequence: readonly number[];
  /** Existing tasks that are depended on. */
  readonly upstream: readonly string[];
  readonly agent_types: readonly string[];
  readonly idempotency_key?: string;
  readonly fingerprint?: string;
}

export interface PollingAgent {
  readonly agent_id?: string;
  readonly agent_type?: string;
  readonly capabilities?: readonly string[];
  /** The process that speaks for the agent, if it says so. */
  readonly instance?: string;
  readonly key_id: string;
  readonly max_tasks: number;
  /** 0 where the agent did not ask for one. */
  readonly lease_seconds: number;
  /** How long it is going to wait if it gets nothing now; 0 where it is not. */
  readonly wait_ms: number;
  /** Names the wait that the poll belongs to. */
  readonly poll?: string;
  /** Not its first poll: it ends if a newer wait has begun. */
  readonly continues?: boolean;
  /** It hears its channel, and may be woken from now on. */
  readonly listens?: boolean;
}

export interface Poll {
  readonly agent: PollingAgent & { readonly agent_id: string };
  /** Fresh lease checks, one for each task it may get. */
  readonly checks: readonly string[];
}

export interface Submission {
  readonly lease: HeldLease;
  readonly submit: {
    readonly status: "completed" | "failed" | "released" | "waiting" | "needs_input";
    readonly result_bytes: number;
    /** Name of the blob that takes a result over the inline size; empty where it rides in the shard. */
    readonly blob: string;
    readonly error?: string;
    readonly error_code?: string;
    readonly category?: Category;
    readonly retry_after_ms?: number;
    /** What the attempt used up, sorted by name. */
    readonly usage?: readonly (readonly [string, number])[];
    /** The result was found to fit what the first answer to this submit asked for. */
    readonly checked?: true;
    readonly question?: string;
    /** With a checked verdict: whether what it is about passes. */
    readonly passed?: boolean;
  };
  /** JSON text of the result or the notes; empty where there is none. */
  readonly result: string;
  /** Present: also hand the same agent its next task. */
  readonly agent?: PollingAgent;
  readonly checks?: readonly string[];
}

export interface CancelRun extends Identified {
  readonly run_id: string;
}

/** Everything inside one project. */
export interface Store extends StagingStore {
  create(creation: Creation): Promise<Said<z.infer<typeof createReply>>>;
  /** Whether the same creation would be refused: writes nothing. */
  rehearse(
    creation: Omit<Creation, "payloads" | "texts" | "idempotency_key">,
  ): Promise<Said<z.infer<typeof rehearseReply>>>;
  poll(poll: Poll): Promise<Said<z.infer<typeof pollReply>>>;
  heartbeat(beat: {
    readonly lease: HeldLease;
    readonly progress?: number;
    readonly message?: string;
  }): Promise<Said<z.infer<typeof heartbeatReply>>>;
  submit(submission: Submission): Promise<Said<z.infer<typeof submitReply>>>;
  read(names: readonly string[], range?: RunRange): Promise<Said<z.infer<typeof readReply>>>;
  /** One look for whoever waits for tasks to end. */
  wait(look: WaitLook): Promise<Said<z.infer<typeof waitReply>>>;
  /** Records and facts from which it can be said why tasks do not run. */
  why(look: WhyLook): Promise<z.infer<typeof whyReply>>;
  list(listing: Listing): Promise<Said<z.infer<typeof listReply>>>;
  agents(cursor: string): Promise<Said<z.infer<typeof agentsReply>>>;
  getState(read: StateRead): Promise<Said<z.infer<typeof stateGetReply>>>;
  setState(write: StateWrite): Promise<Said<z.infer<typeof stateSetReply>>>;
  /** Texts beside records and in blobs, by name; absent ones are undefined. One round trip for all. */
  texts(names: readonly TextName[]): Promise<(string | undefined)[]>;
  /** Applies one action to tasks, or to the next dead letters with one error code. */
  control(control: Control): Promise<Said<z.infer<typeof controlReply>>>;
  /** Cancels a run: a first batch of its tasks at once, the rest by itself. */
  cancelRun(cancel: CancelRun): Promise<Said<z.infer<typeof cancelRunReply>>>;
  deadLetters(listing: DeadListing): Promise<Said<z.infer<typeof deadReply>>>;
  /** The breakers that remember anything; with `force`, after forcing one (`state` null: no longer forced). */
  breakers(force?: BreakerForce): Promise<Said<z.infer<typeof breakersReply>>>;
  /** Compares a page of records with indexes; with `repair` it mends what does not fit. */
  audit(page: {
    readonly cursor: string;
    readonly repair: boolean;
  }): Promise<Said<z.infer<typeof auditReply>>>;
  /** Looks at the clock: handles a batch of due items. */
  tick(look: Look): Promise<z.infer<typeof tickReply>>;
  /** Notes that QStash has the tick of this generation. */
  tickSent(generation: number): Promise<void>;
  /** How far behind the timers are; touches nothing. */
  health(): Promise<StoreHealth>;
  /** Removes a batch of what has been kept for long enough; how many tasks it worked on. */
  retire(): Promise<number>;
  subscribe(channel: string): Promise<Subscription>;
  /** Where changes of the run are announced that somebody may wait for. */
  runChannel(run_id: string): string;
  readonly events: EventLog;
}

export interface StoreOptions {
  readonly transport: Transport;
  readonly project: string;
  /** Tests move time with this; in production Redis' own clock decides. Milliseconds. */
  readonly now?: () => number;
  /** Called with each tick that a call armed. */
  readonly onTick?: (tick: ArmedTick) => void;
  /** Called when there is something to tell to webhooks. */
  readonly onOutbox?: () => void;
  /** Called with schedules whose time has come. */
  readonly onSchedules?: (ids: readonly string[]) => void;
}

export function createStore(options: StoreOptions): Store {
  const { transport, project, now, onTick, onOutbox, onSchedules } = options;
  const keys = keysOf(project);
  async function run<T extends z.ZodType>(call: {
    script: Script;
    reply: T;
    request: unknown;
    keys?: readonly string[];
    texts?: readonly string[];
  }): Promise<Said<z.infer<T>>> {
    const args = [
      String(now?.() ?? 0),
      JSON.stringify(call.request, wellFormed),
      ...(call.texts ?? []),
    ];
    const text = await transport.run(call.script, call.script.keys(keys, call.keys ?? []), args);
    const { reply, tick, outbox, schedules_due } = decode(call.reply, text);
    if (tick) onTick?.(tick);
    if (outbox) onOutbox?.();
    if (schedules_due) onSchedules?.(schedules_due);
    return reply;
  }
  return {
    ...stagingOf(run, keys),
    create: ({ operation_id, payloads, ...request }) =>
      run({
        script: SCRIPTS.create,
        reply: createReply,
        request,
        keys: [
          keys.operation(operation_id),
          ...request.tasks.flatMap(({ payload_blob }) =>
            payload_blob === undefined ? [] : [keys.blob(payload_blob)],
          ),
        ],
        texts: payloads,
      }),
    rehearse: ({ operation_id, ...request }) =>
      run({
        script: SCRIPTS.create,
        reply: rehearseReply,
        request: { ...request, dry_run: true },
        keys: [keys.operation(operation_id)],
      }),
    poll: (request) => run({ script: SCRIPTS.poll, reply: pollReply, request }),
    heartbeat: (request) => run({ script: SCRIPTS.heartbeat, reply: heartbeatReply, request }),
    submit: ({ result, ...request }) =>
      run({
        script: SCRIPTS.submit,
        reply: submitReply,
        request,
        keys: request.submit.blob === "" ? [] : [keys.blob(request.submit.blob)],
        texts: [result],
      }),
    read: (names, range) =>
      run({ script: SCRIPTS.read, reply: readReply, request: { names, range } }),
    wait: (request) => run({ script: SCRIPTS.wait, reply: waitReply, request }),
    why: async (request) => accepted(await run({ script: SCRIPTS.why, reply: whyReply, request })),
    list: (request) => run({ script: SCRIPTS.list, reply: listReply, request }),
    agents: (cursor) => run({ script: SCRIPTS.agents, reply: agentsReply, request: { cursor } }),
    getState: (request) => run({ script: SCRIPTS.stateGet, reply: stateGetReply, request }),
    setState: ({ operation_id, value, ...request }) =>
      run({
        script: SCRIPTS.stateSet,
        reply: stateSetReply,
        request,
        keys: [keys.operation(operation_id)],
        texts: [value],
      }),
    texts: (names) => readTexts({ transport, keys, names }),
    control: ({ operation_id, text, ...request }) => {
      const blob = request.changes?.payload_blob;
      return run({
        script: SCRIPTS.control,
        reply: controlReply,
        request: { changes: { fields: {}, cleared: [], payload: false }, ...request },
        keys: [keys.operation(operation_id), ...(blob === undefined ? [] : [keys.blob(blob)])],
        texts: [text],
      });
    },
    cancelRun: ({ operation_id, ...request }) =>
      run({
        script: SCRIPTS.cancelRun,
        reply: cancelRunReply,
        request,
        keys: [keys.operation(operation_id)],
      }),
    deadLetters: (request) => run({ script: SCRIPTS.dead, reply: deadReply, request }),
    breakers: (force) =>
      run({ script: SCRIPTS.breakers, reply: breakersReply, request: force ? { force } : {} }),
    audit: (request) => run({ script: SCRIPTS.audit, reply: auditReply, request }),
    tick: async (request) =>
      accepted(await run({ script: SCRIPTS.tick, reply: tickReply, request })),
    tickSent: async (generation) => {
      await run({ script: SCRIPTS.sent, reply: sentReply, request: { generation } });
    },
    health: async () =>
      accepted(await run({ script: SCRIPTS.health, reply: healthReply, request: {} })),
    retire: async () => {
      const found = await run({ script: SCRIPTS.retire, reply: retireReply, request: {} });
      if ("refused" in found || found.said.due.length === 0) return 0;
      // Blobs first: a crash in between leaves marked records, which the next call names again, and no blob that nobody
      // names.
      await transport.unlink(found.said.blobs.map((name) => keys.blob(name)));
      await run({
        script: SCRIPTS.retire,
        reply: retireReply,
        request: { remove: found.said.due },
      });
      return found.said.due.length;
    },
    subscribe: (channel) => transport.subscribe(channel),
    runChannel: (run_id) => `${keys.project.control}:run:${run_id}`,
    events: createEventLog({ transport, project, ...(now && { now }) }),
  };
}

/** The reply of a script that refuses nothing. */
function accepted<T>(reply: Said<T>): T {
  if ("refused" in reply) throw new Error(`unexpected refusal: ${reply.refused.refused}`);
  return reply.said;
}

/** Half a surrogate pair would go out as an escape that Redis' JSON reader refuses. */
function wellFormed(_name: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}
