/** A project of its own for each test, over the real front and a real Redis, with a clock that the test moves. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import type { z } from "zod";
import { connectRedis, type RedisConnection } from "../../infra/local/redis/connection.ts";
import { RespError, textOf } from "../../infra/local/redis/resp.ts";
import type { UpstashFront } from "../../infra/local/upstash/start-upstash.ts";
import type { Refusal, Result } from "../../src/domain/refusal.ts";
import { type RunRecord, runRecord, type TaskRecord, taskRecord } from "../../src/domain/task.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import type { HandedOut } from "../../src/operations/hand-out.ts";
import type { Caller, Operation } from "../../src/operations/operation.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import type { Webhooks } from "../../src/operations/webhooks/webhooks.ts";
import { SHARDS } from "../../src/store/keys.ts";
import type { ArmedTick } from "../../src/store/codec.ts";
import { createScheduleStore, type ScheduleStore } from "../../src/store/schedules.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { createTransport, type Transport } from "../../src/store/transport.ts";
import { audit } from "./audit.ts";
import { type Dump, dumpProject } from "./dump.ts";
import { type RedisFront, type RedisFrontOptions, startRedisFront } from "./redis-front.ts";
import { seeded } from "./seeded.ts";

export interface CallOptions {
  /** Whose key the call comes with; an orchestrator's where absent. */
  readonly as?: Partial<Caller>;
  readonly operation_id?: string;
  /** In place of the project's own, such as that of a Worker that dies. */
  readonly store?: Store;
  readonly webhooks?: Webhooks;
  readonly signal?: AbortSignal;
}

export type Json = z.infer<ReturnType<typeof z.json>>;

type SubmittedError = NonNullable<z.input<typeof submitResult.input>["error"]>;

type Input<O extends { input: z.ZodObject }> = Partial<z.input<O["input"]>>;

export interface Project {
  readonly name: string;
  readonly upstash: UpstashFront;
  readonly redis: RedisConnection;
  readonly store: Store;
  readonly schedules: ScheduleStore;
  /** Schedules that calls have found due so far; none is fired unless a test does. */
  readonly due: readonly string[];
  readonly now: () => number;
  readonly advance: (seconds: number) => void;
  /** Calls an operation; the result may be a refusal. */
  readonly call: <I extends z.ZodObject, O extends z.ZodObject>(
    operation: Operation<I, O>,
    input: z.input<I>,
    options?: CallOptions,
  ) => Promise<Result<z.infer<O>>>;
  /** Calls an operation that must not be refused. */
  readonly ok: <I extends z.ZodObject, O extends z.ZodObject>(
    operation: Operation<I, O>,
    input: z.input<I>,
    options?: CallOptions,
  ) => Promise<z.infer<O>>;
  /** Calls an operation that must be refused. */
  readonly refusal: <I extends z.ZodObject, O extends z.ZodObject>(
    operation: Operation<I, O>,
    input: z.input<I>,
    options?: CallOptions,
  ) => Promise<Refusal>;
  /** Creates one task, of type `implementation` unless said otherwise; returns its id. */
  readonly task: (input?: Input<typeof createTask>, options?: CallOptions) => Promise<string>;
  /** Creates a workflow from keys and what they depend on; returns the run's id. Tasks are numbered in this order. */
  readonly graph: (edges: Readonly<Record<string, readonly string[]>>) => Promise<string>;
  /** What the agent gets, without waiting. */
  readonly poll: (
    agent_id: string,
    input?: Input<typeof pollTasks>,
    options?: CallOptions,
  ) => Promise<HandedOut[]>;
  /** The one task that the agent gets. */
  readonly claim: (
    agent_id: string,
    input?: Input<typeof pollTasks>,
    options?: CallOptions,
  ) => Promise<HandedOut>;
  readonly complete: (lease: string, result?: Json) => Promise<z.infer<typeof submitResult.output>>;
  /** Submits that the attempt failed, as an `agent_error` unless said otherwise. */
  readonly fail: (
    lease: string,
    error?: Partial<SubmittedError>,
  ) => Promise<z.infer<typeof submitResult.output>>;
  /** Submits a failure that no attempt follows: the task becomes a dead letter. */
  readonly bury: (lease: string, code?: string) => Promise<z.infer<typeof submitResult.output>>;
  readonly control: (
    action: z.input<typeof controlTask.input>["action"],
    input: Input<typeof controlTask>,
  ) => Promise<z.infer<typeof controlTask.output>>;
  /** Ticks that calls have armed so far, the latest last. */
  readonly ticks: readonly ArmedTick[];
  /** The stored record, read past the store: no sweep, no renewal. */
  readonly record: (task_id: string) => Promise<TaskRecord>;
  readonly run: (run_id: string) => Promise<RunRecord>;
  readonly dump: () => Promise<Dump>;
  /** What does not fit together in what is stored; empty where all is well. */
  readonly audit: () => Promise<string[]>;
}

/** Before a call that got no answer is sent again: nobody here waits for the pauses of production. */
const QUICK = [1, 2, 3];

/** Midnight of a day in the future: nothing may depend on the real clock. */
const START = Date.UTC(2031, 4, 6);

export interface ProjectOptions extends RedisFrontOptions {
  /** `real`: the store asks Redis for the time, as in production, and `advance` does nothing. */
  readonly clock?: "virtual" | "real";
}

/** Call at the top level of a test file (or of a `describe`); the returned function makes a project of its own. */
export function useProjects(options: ProjectOptions = {}): () => Project {
  let front: RedisFront | undefined;
  let redis: RedisConnection | undefined;
  beforeAll(async () => {
    front = await startRedisFront(options);
    redis = await connectRedis({ url: front.redisUrl });
  });
  afterAll(async () => {
    redis?.close();
    await front?.stop();
  });
  return () => {
    if (!front || !redis) throw new Error("Projects can be made only inside a test");
    front.upstash.faults.clear();
    const { url, token } = front.upstash;
    return makeProject({
      upstash: front.upstash,
      redis,
      transport: createTransport({ url, token, pauses_ms: QUICK }),
      virtual: options.clock !== "real",
    });
  };
}

/** Those of this file so far. */
let projects = 0;

function makeProject({
  upstash,
  redis,
  transport,
  virtual,
}: {
  upstash: UpstashFront;
  redis: RedisConnection;
  transport: Transport;
  virtual: boolean;
}): Project {
  const name = `test-${randomUUID()}`;
  // A lease decides how long a retry waits, once in ten thousand times not at all: no run of a test draws otherwise.
  const chance = seeded(`project ${(projects += 1)}`);
  let time = START;
  const ticks: ArmedTick[] = [];
  const due: string[] = [];
  const common = {
    transport,
    project: name,
    onTick: (tick: ArmedTick) => void ticks.push(tick),
    ...(virtual && { now: () => time }),
  };
  const store = createStore({ ...common, onSchedules: (ids) => void due.push(...ids) });
  const schedules = createScheduleStore(common);

  const call: Project["call"] = async (operation, input, options = {}) => {
    const caller = { project: name, key_id: "key-1", role: "orchestrator", ...options.as } as const;
    const result = await operation.run(
      {
        services: {
          store: options.store ?? store,
          schedules,
          random: chance.bytes,
          ...(options.webhooks && { webhooks: options.webhooks }),
        },
        caller,
        operation_id: options.operation_id ?? randomUUID(),
        signal: options.signal ?? new AbortController().signal,
      },
      operation.input.parse(input),
    );
    return result.ok ? { ok: true, value: operation.output.parse(result.value) } : result;
  };
  const ok: Project["ok"] = async (operation, input, options) => {
    const result = await call(operation, input, options);
    if (!result.ok) throw new Error(`${operation.name} was refused: ${result.refusal.message}`);
    return result.value;
  };
  const poll: Project["poll"] = async (agent_id, input = {}, options = {}) => {
    const given = { agent_id, agent_type: "implementation", wait_seconds: 0, ...input };
    return (await ok(pollTasks, given, options)).tasks ?? [];
  };
  const stored = async (id: string): Promise<unknown> => {
    const shard = Number(/^r(\d+)/.exec(id)?.[1]) % SHARDS;
    const text = await redis.call(["HGET", `baton:{${name}}:shard:${shard}`, id]);
    if (text === null || Array.isArray(text) || text instanceof RespError) {
      throw new Error(`no record ${id}`);
    }
    return JSON.parse(textOf(text));
  };
  const dump = (): Promise<Dump> => dumpProject(redis, name);
  return {
    name,
    upstash,
    redis,
    store,
    schedules,
    due,
    now: () => time,
    advance: (seconds) => {
      time += seconds * 1000;
    },
    call,
    ok,
    refusal: async (operation, input, options) => {
      const result = await call(operation, input, options);
      if (result.ok) throw new Error(`${operation.name} was not refused`);
      return result.refusal;
    },
    task: async (input = {}, options = {}) => {
      const task = { agent_type: "implementation", task_description: "Do it.", ...input };
      return (await ok(createTask, task, options)).task_id;
    },
    graph: async (edges) => {
      const tasks = Object.entries(edges).map(([key, dependencies]) => ({
        key,
        task_description: `Do ${key}.`,
        dependencies: [...dependencies],
      }));
      const made = await ok(createWorkflow, { name: "Graph", agent_type: "implementation", tasks });
      return made.run_id ?? "";
    },
    poll,
    claim: async (agent_id, input, options) => {
      const [task, ...others] = await poll(agent_id, input, options);
      if (!task || others.length > 0) throw new Error(`${agent_id} did not get just one task`);
      return task;
    },
    complete: (lease, result) =>
      ok(submitResult, {
        lease,
        status: "completed",
        ...(result !== undefined && { result }),
      }),
    fail: (lease, error) =>
      ok(submitResult, { lease, status: "failed", error: { message: "It broke.", ...error } }),
    bury: (lease, code) =>
      ok(submitResult, {
        lease,
        status: "failed",
        error: { message: "It broke.", category: "invalid_input", ...(code && { code }) },
      }),
    control: (action, input) => ok(controlTask, { action, ...input }),
    ticks,
    record: async (id) => taskRecord.parse(await stored(id)),
    run: async (id) => runRecord.parse(await stored(id)),
    dump,
    audit: async () => audit(await dump()),
  };
}
