/** What Baton keeps, as one method per script. Each is one round trip; nothing here decides anything. */
import type * as z from "zod";
import type { Category } from "../domain/failure.ts";
import type { Said } from "./codec.ts";
import {
  agentsReply,
  auditReply,
  breakersReply,
  cancelRunReply,
  controlReply,
  deadReply,
  healthReply,
  heartbeatReply,
  listReply,
  pollReply,
  readReply,
  retireReply,
  sentReply,
  stateGetReply,
  stateSetReply,
  type StoreHealth,
  submitReply,
  tickReply,
  waitReply,
  whyReply,
} from "./replies.ts";
import { type CreationStore, creationOf } from "./creation.ts";
import { createEventLog, type EventLog } from "./event-log.ts";
import { runnerOf, type RunnerOptions } from "./runner.ts";
import { SCRIPTS } from "./scripts.ts";
import type { DeadListing, Listing, Look, RunRange, WaitLook, WhyLook } from "./looks.ts";
import type { BreakerForce, Control, Identified, StateRead, StateWrite } from "./steering.ts";
import type { HeldLease } from "./held-lease.ts";
import { stagingOf, type StagingStore } from "./staging.ts";
import { readTexts, type TextName } from "./texts.ts";
import type { Subscription } from "./subscription.ts";

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
export interface Store extends CreationStore, StagingStore {
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

export function createStore(options: RunnerOptions): Store {
  const { transport, project, now } = options;
  const runner = runnerOf(options);
  const { keys, run, said } = runner;
  return {
    ...creationOf(runner),
    ...stagingOf(runner),
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
    why: (request) => said({ script: SCRIPTS.why, reply: whyReply, request }),
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
    tick: (request) => said({ script: SCRIPTS.tick, reply: tickReply, request }),
    tickSent: async (generation) => {
      await run({ script: SCRIPTS.sent, reply: sentReply, request: { generation } });
    },
    health: () => said({ script: SCRIPTS.health, reply: healthReply, request: {} }),
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
