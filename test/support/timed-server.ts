/**
 * The whole server in this process, called over HTTP by a local QStash, both on one clock that the test moves: hours of
 * ticks pass in a moment.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { z } from "zod";
import { manualClock } from "../../infra/local/qstash/clock.ts";
import { startQstash } from "../../infra/local/qstash/start-qstash.ts";
import type { Qstash, QstashOptions } from "../../infra/local/qstash/types.ts";
import { connectRedis, type RedisConnection } from "../../infra/local/redis/connection.ts";
import { createApp } from "../../src/app.ts";
import { taskRecord, type TaskRecord } from "../../src/domain/task.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { fireSchedules } from "../../src/operations/schedules/fire-schedules.ts";
import type { Services } from "../../src/operations/services.ts";
import type { ArmedTick } from "../../src/store/codec.ts";
import { announceTick } from "../../src/operations/announce-tick.ts";
import type { Composition } from "../../src/operations/composition.ts";
import { OPERATIONS } from "../../src/operations/registry.ts";
import { createScheduler, type Scheduler } from "../../src/scheduler/scheduler.ts";
import { upsertWatchdog } from "../../src/scheduler/watchdog.ts";
import { createDeployment, type Deployment } from "../../src/store/deployment.ts";
import { createScheduleStore } from "../../src/store/schedules.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { createTransport } from "../../src/store/transport.ts";
import { audit } from "./audit.ts";
import { type Dump, dumpProject } from "./dump.ts";
import { type RedisFront, startRedisFront } from "./redis-front.ts";

/** A request as QStash made it. */
export interface Delivered {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface TimedServer {
  readonly project: string;
  readonly url: string;
  readonly qstash: Qstash;
  readonly front: RedisFront;
  readonly store: Store;
  readonly deployment: Deployment;
  readonly scheduler: Scheduler;
  readonly now: () => number;
  /** Moves the clock; what QStash delivers on the way has been done when it resolves. */
  readonly advance: (seconds: number) => Promise<void>;
  /** Callbacks that were delivered, in order. */
  readonly delivered: readonly Delivered[];
  /** A tool call that must not be refused. */
  readonly ok: (tool: string, args: object) => Promise<Record<string, unknown>>;
  readonly task: (agent_type: string, more?: object) => Promise<string>;
  /** The lease of the one task that the agent gets. */
  readonly claim: (agent_id: string, more?: object) => Promise<string>;
  readonly request: (path: string, init?: RequestInit) => Promise<Response>;
  /** Starts the watchdog's schedule. */
  readonly watch: () => Promise<void>;
  /** Resolves when all that goes on after replies is over. */
  readonly settled: () => Promise<void>;
  readonly records: () => Promise<Record<string, TaskRecord>>;
  readonly dump: () => Promise<Dump>;
  /** What does not fit together in what is stored; empty where all is well. */
  readonly audit: () => Promise<string[]>;
}

/** Before a call that got no answer is sent again. */
const QUICK = [1, 2, 3];

const START = Date.UTC(2031, 4, 6);

export interface TimedServerOptions {
  readonly qstash?: Omit<QstashOptions, "clock" | "port">;
  /** How far Redis' clock is behind QStash's. */
  readonly behind_seconds?: number;
}

/** Call at the top level of a test file; the returned function starts a server of its own for the test that calls it. */
export function useTimedServers(): (options?: TimedServerOptions) => Promise<TimedServer> {
  let front: RedisFront | undefined;
  let redis: RedisConnection | undefined;
  beforeAll(async () => {
    front = await startRedisFront();
    redis = await connectRedis({ url: front.redisUrl });
  });
  afterAll(async () => {
    redis?.close();
    await front?.stop();
  });
  return async (options = {}) => {
    if (!front || !redis) throw new Error("Servers can be started only inside a test");
    front.upstash.faults.clear();
    return startTimedServer({ front, redis, ...options });
  };
}

async function startTimedServer({
  front,
  redis,
  qstash: qstashOptions,
  behind_seconds = 0,
}: { front: RedisFront; redis: RedisConnection } & TimedServerOptions): Promise<TimedServer> {
  const clock = manualClock(START);
  const qstash = await startQstash({ ...qstashOptions, clock });
  onTestFinished(() => qstash.stop());

  const project = `timed-${randomUUID()}`;
  const { url: upstashUrl, token } = front.upstash;
  const transport = createTransport({ url: upstashUrl, token, pauses_ms: QUICK });
  const open = new Set<Promise<void>>();
  const settled = async (): Promise<void> => {
    while (open.size > 0) await Promise.all(open);
  };
  onTestFinished(clock.settleWith(settled));

  const delivered: Delivered[] = [];
  const server = createServer((incoming, outgoing) => {
    const work = answer(incoming, outgoing).catch(() => void outgoing.destroy());
    open.add(work);
    void work.finally(() => open.delete(work));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    await settled();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const { current, next } = qstash.signingKeys();
  const scheduler = createScheduler({
    url: qstash.url,
    token: qstash.token,
    keys: { current, next },
    base_url: url,
  });
  const now = (): number => clock.now() - behind_seconds * 1000;
  const background = (work: Promise<void>): void => {
    open.add(work);
    void work.finally(() => open.delete(work));
  };
  const onTick = (tick: ArmedTick) =>
    background(announceTick({ scheduler, store }, { project, ...tick }));
  const onSchedules = (ids: readonly string[]) =>
    background(fireSchedules({ services, project }, ids));
  const store = createStore({ transport, project, now, onTick, onSchedules });
  const schedules = createScheduleStore({ transport, project, now, onTick });
  const deployment = createDeployment({
    transport,
    now,
    keys: {
      projects: `${project}:projects`,
      failures: `${project}:failures`,
      counts: `${project}:counts`,
    },
  });
  const services: Services = {
    store,
    schedules,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
  };
  const composition: Composition = {
    services,
    authenticate: async () => ({ project, key_id: "key-1", role: "orchestrator" }),
    allowedHosts: [],
    openMcp: undefined,
    timers: {
      scheduler,
      deployment,
      projects: [project],
      servicesOf: (name) => (name === project ? services : undefined),
    },
  };
  const app = createApp<object>({
    compose: () => composition,
    operations: OPERATIONS,
    tools: TOOLS,
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    );
    const path = incoming.url ?? "/";
    if (path.startsWith("/qstash/")) delivered.push({ path, headers, body });
    const response = await app.request(`${url}${path}`, {
      method: incoming.method ?? "GET",
      headers,
      ...(body !== "" && { body }),
    });
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  }

  const request: TimedServer["request"] = async (path, init) => app.request(`${url}${path}`, init);
  const ok: TimedServer["ok"] = async (tool, args) => {
    const response = await request(`/v1/tools/${tool}`, {
      method: "POST",
      headers: { authorization: "Bearer any", "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    const reply = z.record(z.string(), z.unknown()).parse(await response.json());
    if (!response.ok) throw new Error(`${tool} was refused: ${JSON.stringify(reply)}`);
    return reply;
  };
  const dump = (): Promise<Dump> => dumpProject(redis, project);
  return {
    project,
    url,
    qstash,
    front,
    store,
    deployment,
    scheduler,
    now,
    advance: async (seconds) => {
      await settled();
      await clock.advance(seconds * 1000);
      await settled();
    },
    delivered,
    ok,
    request,
    settled,
    task: async (agent_type, more = {}) => {
      const task = { agent_type, task_description: `A task for ${agent_type}`, ...more };
      return z.looseObject({ task_id: z.string() }).parse(await ok("create_task", task)).task_id;
    },
    claim: async (agent_id, more = {}) => {
      const reply = await ok("poll_tasks", { agent_id, wait_seconds: 0, ...more });
      const { tasks } = z.looseObject({ tasks: z.array(leased).default([]) }).parse(reply);
      const [task, ...others] = tasks;
      if (!task || others.length > 0) throw new Error(`${agent_id} did not get exactly one task`);
      return task.lease;
    },
    watch: async () => {
      await upsertWatchdog({ url: qstash.url, token: qstash.token, base_url: url });
    },
    records: async () => {
      const { hashes } = await dump();
      const shards = Object.entries(hashes).filter(([name]) => name.startsWith("shard:"));
      const entries = shards
        .flatMap(([, fields]) => Object.entries(fields))
        .filter(([name]) => /^r\d+t\d+$/.test(name))
        .map(([name, text]) => [name, taskRecord.parse(JSON.parse(text))] as const);
      return Object.fromEntries(entries);
    },
    dump,
    audit: async () => audit(await dump()),
  };
}

const leased = z.looseObject({ lease: z.string() });
