// Runs a suite against the front over each Redis engine: the embedded one always, redis-server where it is installed.
import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { Redis, type RedisConfigNodejs } from "@upstash/redis";
import { findProgram } from "../../../infra/local/redis/find-program.ts";
import { startRedis, type RunningRedis } from "../../../infra/local/redis/start-redis.ts";
import { startUpstash, type UpstashFront } from "../../../infra/local/upstash/start-upstash.ts";

export type Stack = {
  redis: () => RunningRedis;
  front: () => UpstashFront;
  /** The official SDK, unmodified, one attempt per request. */
  sdk: (options?: Partial<RedisConfigNodejs>) => Redis;
  /** A request without the SDK; the body is sent as JSON unless it is text or bytes. */
  request: (path: string, options?: RequestOptions) => Promise<Response>;
};

type RequestOptions = {
  method?: string;
  body?: unknown;
  token?: string;
  headers?: Record<string, string>;
};

const HAS_SERVER =
  findProgram("redis-server", process.env["PATH"] ?? "") !== undefined ||
  findProgram("valkey-server", process.env["PATH"] ?? "") !== undefined;

const ENGINES = [
  { choice: "embedded", label: "embedded engine", isMissing: false },
  {
    choice: "server",
    label: HAS_SERVER ? "redis-server" : "redis-server: SKIPPED, none is installed",
    isMissing: !HAS_SERVER,
  },
];

/** Before each test the database is empty, the counts are zero and no fault is in force. */
export function onEachEngine(title: string, suite: (stack: Stack) => void): void {
  for (const { choice, label, isMissing } of ENGINES) {
    describe.skipIf(isMissing)(`${title} (${label})`, () => {
      suite(startStack(choice));
    });
  }
}

function startStack(choice: string): Stack {
  let redis: RunningRedis | undefined;
  let front: UpstashFront | undefined;
  const stack: Stack = {
    redis: () => redis ?? raiseNotStarted(),
    front: () => front ?? raiseNotStarted(),
    sdk: (options) =>
      new Redis({
        url: stack.front().url,
        token: stack.front().token,
        retry: { retries: 0 },
        enableTelemetry: false,
        ...options,
      }),
    request: (path, options = {}) => send(stack.front(), path, options),
  };
  beforeAll(async () => {
    redis = await startRedis({ choice });
    front = await startUpstash({ redisUrl: redis.url });
  });
  beforeEach(async () => {
    stack.front().faults.clear();
    stack.front().scripts.forget();
    await stack.sdk().flushall();
    stack.front().stats.reset();
  });
  afterAll(async () => {
    await front?.stop();
    await redis?.stop();
  });
  return stack;
}

function send(front: UpstashFront, path: string, options: RequestOptions): Promise<Response> {
  const { method = "POST", body, token = front.token, headers = {} } = options;
  return fetch(front.url + path, {
    method,
    headers: { ...(token === "" ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body: encode(body) }),
  });
}

function encode(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

function raiseNotStarted(): never {
  throw new Error("The stack starts in beforeAll: use it inside a test.");
}
