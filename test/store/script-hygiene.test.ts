/** What every script must keep to, read from its text; and that each engine takes it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRedis, type RedisConnection } from "../../infra/local/redis/connection.ts";
import { RespError } from "../../infra/local/redis/resp.ts";
import { type RunningRedis, startRedis } from "../../infra/local/redis/start-redis.ts";
import { agentRecord } from "../../src/domain/agent.ts";
import { MOVES, STATUSES } from "../../src/domain/lifecycle.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { runRecord, taskRecord } from "../../src/domain/task.ts";
import { EVENTS_READ } from "../../src/store/event-log.ts";
import { DEPLOYMENT_KEYS, keysOf, SHARDS } from "../../src/store/keys.ts";
import { DELIVERY_STATUSES, ENDPOINT_STATUSES } from "../../src/domain/webhook.ts";
import { DEPLOYMENT_SCRIPTS, SCRIPTS } from "../../src/store/scripts.ts";
import { SCHEDULE_SCRIPTS } from "../../src/store/schedule-scripts.ts";
import { WEBHOOK_SCRIPTS } from "../../src/store/webhook-scripts.ts";

const FOLDER = join(import.meta.dirname, "../../src/store/scripts");

const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".lua"))
  .map((name) => ({ name, source: readFileSync(join(FOLDER, name), "utf8") }));

const scripts = [
  ...Object.values(SCRIPTS),
  ...Object.values(WEBHOOK_SCRIPTS),
  ...Object.values(SCHEDULE_SCRIPTS),
  EVENTS_READ,
];
const allScripts = [...scripts, ...Object.values(DEPLOYMENT_SCRIPTS)];

/** Of tasks, submits (which is how attempts end), runs, webhook endpoints and deliveries. */
const statuses = new Set<string>([
  ...STATUSES,
  ...taskRecord.shape.attempts.unwrap().element.shape.outcome.options,
  ...runRecord.shape.status.options,
  ...ENDPOINT_STATUSES,
  ...DELIVERY_STATUSES,
]);

const projectKeys = Object.keys(keysOf("p").project);

/** The names that the records know. */
const { lease, attempts, dependencies } = taskRecord.shape;
const LEASE = Object.keys(lease.unwrap().shape);
const ATTEMPT = Object.keys(attempts.unwrap().element.shape);
const DEPENDENCY = Object.keys(dependencies.unwrap().element.shape);

/** Name and first argument of each Redis call, and the whole call, which ends with its line or its closing bracket. */
function callsIn(source: string): { command: string; key: string; text: string }[] {
  return [
    ...source.matchAll(/redis\.p?call\(\s*([^,)]+)(?:,\s*([\w.[\]]+))?([^\n]*(?:\n\s{6}.*)*)/g),
  ].map(([text, command = "", key = ""]) => ({ command, key, text }));
}

function names(source: string, pattern: RegExp): string[] {
  return [...new Set([...source.matchAll(pattern)].map(([, name = ""]) => name))].toSorted();
}

describe.each(files)("$name", ({ source }) => {
  test("spells each command out, and only ones that are bounded", () => {
    const allowed = new Set(
      ["GET SET TIME HGET HMGET HSET HDEL HSCAN HINCRBY ZADD ZREM ZRANGE ZCARD ZSCORE"]
        .concat("XRANGE XREVRANGE XTRIM ZMSCORE ZLEXCOUNT ZREMRANGEBYRANK XADD PUBLISH")
        .flatMap((line) => line.split(" ")),
    );
    for (const { command } of callsIn(source)) {
      expect(command).toMatch(/^"[A-Z]+"$/);
      expect(allowed).toContain(command.slice(1, -1));
    }
    expect(source).not.toMatch(/redis\.pcall/);
  });

  test("limits each range that it reads", () => {
    const limits = new Map([
      ['"ZRANGE"', /"LIMIT"|0, 0|0, request\.count - 1|from \+ LIMITS\.\w+ - 1/],
      ['"HSCAN"', /"COUNT"/],
      ['"XRANGE"', /"COUNT"/],
      ['"XREVRANGE"', /"COUNT", (1|LIMITS\.\w+)\)/],
    ]);
    const open = callsIn(source).filter(
      ({ command, text }) => limits.get(command)?.test(text) === false,
    );
    expect(open).toEqual([]);
  });

  test("touches only keys that it was given", () => {
    const shared = Object.keys(DEPLOYMENT_KEYS);
    const given = new Set([
      ...projectKeys,
      ...shared,
      "operation",
      "blob",
      "blobs[blobs_used]",
      "shards[shard]",
    ]);
    for (const { command, key } of callsIn(source)) {
      if (command === '"TIME"' || command === '"PUBLISH"') continue;
      expect(given).toContain(key);
    }
    expect(source).not.toMatch(/\bKEYS\b|\bARGV\b/);
  });

  test("names only fields that the records have", () => {
    const fields: [RegExp, readonly string[]][] = [
      [/\b(?:task|upstream|source|from)\.([a-z_]+)/g, Object.keys(taskRecord.shape)],
      [/\btask\.lease\.([a-z_]+)/g, LEASE],
      [/\bcurrent\.([a-z_]+)/g, LEASE],
      // `fresh` marks a run that is being made, and is gone before the run is stored.
      [/\brun\.([a-z_]+)/g, [...Object.keys(runRecord.shape), "fresh"]],
      [/\bpast\.([a-z_]+)/g, ATTEMPT],
      // `number` is how a creation names a task of the same call.
      [/\bdependency\.([a-z_]+)/g, [...DEPENDENCY, "number"]],
      [/\brecord\.([a-z_]+)/g, [...Object.keys(agentRecord.shape), "task_id", "run_id"]],
    ];
    // Names of events look like fields, and stand in quotes.
    const code = source.replaceAll(/--.*$|"[^"\n]*"/gm, "");
    for (const [pattern, known] of fields) {
      for (const name of names(code, pattern)) expect(known).toContain(name);
    }
  });

  test("names only statuses, moves and limits that there are", () => {
    for (const name of names(source, /\b(?:move|may)\(\w+, "(\w+)"\)/g)) {
      expect(Object.keys(MOVES)).toContain(name);
    }
    for (const name of names(source, /status [=~]= "(\w+)"/g)) {
      expect(statuses).toContain(name);
    }
    for (const name of names(source, /LIMITS\.(\w+)/g)) expect(Object.keys(LIMITS)).toContain(name);
  });
});

test("the clock is asked in one place", () => {
  expect(files.filter(({ source }) => source.includes('"TIME"')).map(({ name }) => name)).toEqual([
    "lib/clock.lua",
  ]);
});

describe.each(scripts)("the script $name", (script) => {
  test("begins with the flag that makes Upstash lock by key", () => {
    expect(script.text.split("\n", 1)[0]).toBe("#!lua flags=allow-key-locking");
  });

  test("declares only keys with the project's hash tag, each once", () => {
    const keys = script.keys(keysOf("p"), []);
    expect(keys.filter((key) => !key.startsWith("baton:{p}:"))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBeLessThanOrEqual(projectKeys.length + SHARDS);
  });

  test("is rendered with the transition table of the domain", () => {
    if (!script.text.includes("MOVES[")) return;
    for (const [name, { from, to }] of Object.entries(MOVES)) {
      const rendered = from.map((status) => `${status}=true`).join(",");
      expect(script.text).toContain(`${name}={from={${rendered}},to="${to}"}`);
    }
  });

  test("is known by the SHA-1 of its text", async () => {
    expect(await script.sha()).toMatch(/^[0-9a-f]{40}$/);
    expect(await script.sha()).toBe(await script.sha());
  });
});

describe.each(["first found", "embedded"])("the engine that is %s", (choice) => {
  let engine: RunningRedis | undefined;
  let redis: RedisConnection | undefined;
  beforeAll(async () => {
    engine = await startRedis(choice === "embedded" ? { choice } : {});
    redis = await connectRedis({ url: engine.url });
  });
  afterAll(async () => {
    redis?.close();
    await engine?.stop();
  });

  test.each(allScripts)("takes the script $name", async ({ text }) => {
    // Plain Redis refuses the flag of the first line, which only Upstash knows.
    const body = text.slice(text.indexOf("\n"));
    const reply = await redis?.call(["SCRIPT", "LOAD", body]);
    expect(reply instanceof RespError ? reply.message : "").toBe("");
  });
});
