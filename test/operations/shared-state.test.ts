/** The blackboard: exact values, versions, races, expiry, prefixes and limits. */
import * as fc from "../support/fast-check.ts";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { TIMER_OFFSET } from "../../src/domain/order.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { anyJson } from "../support/any-json.ts";
import { type Json, type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const set = (project: Project, key: string, value: Json, more: object = {}) =>
  project.ok(setSharedState, { key, value, ...more });
const get = (project: Project, key: string, more: object = {}) =>
  project.ok(getSharedState, { key, ...more });

test.each([
  ["zero", 0],
  ["false", false],
  ["null", null],
  ["an empty text", ""],
  ["an empty list", []],
  ["an empty object", {}],
  ["lists and objects that hold empty ones", { a: [], b: {}, c: [[], {}], d: null }],
  ["large and small numbers", [1e21, 1e-7, 12345678901234568, -0.1, Number.MAX_SAFE_INTEGER]],
  ["half a surrogate pair", "\ud83d"],
  ["a zero byte, quotes and a line end", 'a\u0000"\\\n\u007f\u2028'],
  ["emoji", { "🦜": "👩‍👩‍👧" }],
  ["a text that looks like an entry", "7 0 {}"],
] satisfies [string, Json][])("keeps %s exactly", async (_, value) => {
  const project = newProject();
  expect(await set(project, "k", value)).toEqual({ key: "k", version: 1 });
  expect(await get(project, "k")).toEqual({ key: "k", version: 1, value });
  expect(await project.ok(getSharedState, { prefix: "" })).toEqual({
    entries: [{ key: "k", version: 1, value }],
  });
});

test("keeps any JSON exactly, under any key", async () => {
  const project = newProject();
  const keys = fc.string({ unit: "grapheme", minLength: 1, maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(keys, anyJson, async (key, value) => {
      await set(project, key, value);
      expect((await get(project, key)).value).toEqual(value);
    }),
    { numRuns: 100 },
  );
  expect(await project.audit()).toEqual([]);
});

test("keeps a value nested as deep as a call may bring it", async () => {
  const project = newProject();
  let value: Json = [];
  for (let depth = 0; depth < 64; depth++) value = depth % 2 === 0 ? { a: value } : [value];
  await set(project, "k", value);
  expect((await get(project, "k")).value).toEqual(value);
});

describe("if_version", () => {
  test("0 writes only what does not exist", async () => {
    const project = newProject();
    expect(await set(project, "k", "first", { if_version: 0 })).toMatchObject({ version: 1 });
    const refusal = await project.refusal(setSharedState, { key: "k", value: 2, if_version: 0 });
    expect(refusal).toMatchObject({ reason: "version_conflict", version: 1, value: "first" });
    expect(refusal.message).toMatch('Now version 1: "first"');
  });

  test("of another version is a conflict that shows version and value, and changes nothing", async () => {
    const project = newProject();
    await set(project, "k", [1]);
    await set(project, "k", [1, 2]);
    const before = await project.dump();
    for (const if_version of [0, 1, 3]) {
      const refusal = await project.refusal(setSharedState, { key: "k", value: 0, if_version });
      expect(refusal).toMatchObject({ reason: "version_conflict", version: 2, value: [1, 2] });
    }
    expect(await project.dump()).toEqual(before);
  });

  test("of a key that does not exist is a conflict with version 0", async () => {
    const project = newProject();
    const refusal = await project.refusal(setSharedState, { key: "k", value: 0, if_version: 4 });
    expect(refusal).toMatchObject({ reason: "version_conflict", version: 0 });
    expect(refusal).not.toHaveProperty("value");
  });

  test("shows a value of null as the value it is", async () => {
    const project = newProject();
    await set(project, "k", null);
    const refusal = await project.refusal(setSharedState, { key: "k", value: 0, if_version: 0 });
    expect(refusal["value"]).toBeNull();
  });

  test("lets exactly one of twenty writers win each of ten rounds", async () => {
    const project = newProject();
    for (let round = 0; round < 10; round++) {
      const writers = Array.from({ length: 20 }, (_, index) => {
        const value = `${round}/${index}`;
        return project.call(setSharedState, { key: "k", value, if_version: round });
      });
      const results = await Promise.all(writers);
      const winners = results.flatMap((result, index) => (result.ok ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(await get(project, "k")).toMatchObject({
        value: `${round}/${winners[0]}`,
        version: round + 1,
      });
      const told = results.flatMap((result) => (result.ok ? [] : [result.refusal["version"]]));
      expect(new Set(told)).toEqual(new Set([round + 1]));
    }
  });

  test("loses no increment of ten agents that read, add one and write", async () => {
    const project = newProject();
    await set(project, "n", 0);
    const add = async (): Promise<void> => {
      for (;;) {
        const { value, version } = await get(project, "n");
        const next = { key: "n", value: Number(value) + 1, if_version: version ?? 0 };
        if ((await project.call(setSharedState, next)).ok) return;
      }
    };
    await Promise.all(Array.from({ length: 10 }, add));
    expect(await get(project, "n")).toMatchObject({ value: 10, version: 11 });
  });
});

describe("ttl_seconds", () => {
  test("ends a key on time, swept or not, and a new one may be made in its place", async () => {
    const project = newProject();
    await set(project, "k", 1, { ttl_seconds: 60 });
    project.advance(59);
    expect(await get(project, "k")).toMatchObject({ value: 1 });
    project.advance(1);
    expect(await project.refusal(getSharedState, { key: "k" })).toMatchObject({
      reason: "not_found",
    });
    expect(await set(project, "k", 2, { if_version: 0 })).toMatchObject({ version: 2 });
    expect(await project.audit()).toEqual([]);
  });

  test("gives no version twice: who knew the old entry does not overwrite the new one", async () => {
    const project = newProject();
    const { version } = await set(project, "k", "old", { ttl_seconds: 60 });
    project.advance(60);
    await project.refusal(getSharedState, { key: "k" });
    await set(project, "k", "new");
    const write = { key: "k", value: "based on old", if_version: version };
    expect((await project.refusal(setSharedState, write)).reason).toBe("version_conflict");
  });

  test("leaves nothing behind", async () => {
    const project = newProject();
    await set(project, "k", 1, { ttl_seconds: 60 });
    project.advance(60);
    await project.refusal(getTaskStatus, { task_id: "r1t1" });
    const { hashes, sets } = await project.dump();
    expect(hashes["state"]).toBeUndefined();
    expect(sets).toEqual({});
  });

  test("holds though an older timer comes first", async () => {
    const project = newProject();
    await set(project, "k", 1, { ttl_seconds: 60 });
    await set(project, "other", 1, { ttl_seconds: 10 });
    project.advance(10);
    const early = [String(project.now() - TIMER_OFFSET), "state:project/k"];
    await project.redis.call(["ZADD", `baton:{${project.name}}:line`, ...early]);
    expect(await get(project, "k")).toMatchObject({ value: 1 });
    expect(await project.audit()).toEqual([]);
    project.advance(50);
    expect((await project.refusal(getSharedState, { key: "k" })).reason).toBe("not_found");
  });

  test("is moved by a later write, and taken away by one without", async () => {
    const project = newProject();
    for (const [key, more] of [
      ["later", { ttl_seconds: 120 }],
      ["sooner", { ttl_seconds: 30 }],
      ["never", {}],
    ] as const) {
      await set(project, key, 1, { ttl_seconds: 60 });
      await set(project, key, 2, more);
    }
    expect(await project.audit()).toEqual([]);
    const keys = async (): Promise<string[]> => {
      const { entries = [] } = await project.ok(getSharedState, { prefix: "" });
      expect(await project.audit()).toEqual([]);
      return entries.map(({ key }) => key);
    };
    project.advance(31);
    expect(await keys()).toEqual(["later", "never"]);
    project.advance(30);
    expect(await keys()).toEqual(["later", "never"]);
    project.advance(60);
    expect(await keys()).toEqual(["never"]);
  });
});

describe("scopes and prefixes", () => {
  test("a run's keys are apart from the project's and from another run's", async () => {
    const project = newProject();
    await project.task();
    await project.task();
    await set(project, "k", "project");
    await set(project, "k", "one", { run_id: "r1" });
    await set(project, "k", "two", { run_id: "r2" });
    expect((await get(project, "k")).value).toBe("project");
    expect((await get(project, "k", { run_id: "r1" })).value).toBe("one");
    expect((await get(project, "k", { run_id: "r2" })).value).toBe("two");
    const { entries } = await project.ok(getSharedState, { prefix: "", run_id: "r1" });
    expect(entries).toEqual([{ key: "k", version: 1, value: "one" }]);
    expect(await project.refusal(getSharedState, { key: "r1/k" })).toMatchObject({
      reason: "not_found",
    });
  });

  test("a run that does not exist takes no keys", async () => {
    const project = newProject();
    for (const run_id of ["r9", "r1t1", "run"]) {
      const refusal = await project.refusal(setSharedState, { key: "k", value: 1, run_id });
      expect(refusal.reason).toBe("not_found");
    }
    expect((await project.dump()).hashes).toEqual({});
  });

  test("a prefix finds what begins with it, in the order of the keys", async () => {
    const project = newProject();
    for (const key of ["b/2", "a", "b/10", "b", "b/é", "b/🦜", "c/1"]) await set(project, key, key);
    const { entries = [] } = await project.ok(getSharedState, { prefix: "b/" });
    expect(entries.map(({ key }) => key)).toEqual(["b/10", "b/2", "b/é", "b/🦜"]);
    expect(await project.ok(getSharedState, { prefix: "x" })).toEqual({ entries: [] });
  });

  test("a page of a prefix is bounded, and says that there is more", async () => {
    const project = newProject();
    for (let made = 0; made <= LIMITS.state_page; made++) await set(project, `k${made}`, made);
    const page = await project.ok(getSharedState, { prefix: "k" });
    expect(page.entries).toHaveLength(LIMITS.state_page);
    expect(page["more"]).toBeTypeOf("string");
    expect(await project.ok(getSharedState, { prefix: "k1" })).not.toHaveProperty("more");
  });
});

describe("limits", () => {
  test("a value of 64 KB is kept, a byte more is refused", async () => {
    const project = newProject();
    const value = "x".repeat(LIMITS.state_value_bytes - 2);
    await set(project, "k", value);
    expect((await get(project, "k")).value).toBe(value);
    const before = await project.dump();
    const refusal = await project.refusal(setSharedState, { key: "k", value: `${value}y` });
    expect(refusal).toMatchObject({ reason: "too_large", limit: LIMITS.state_value_bytes });
    expect(await project.dump()).toEqual(before);
  });

  test("the last key is kept, one more is refused, and known ones may still be written", async () => {
    const project = newProject();
    const key = `baton:{${project.name}}:state`;
    for (let made = 1; made < LIMITS.state_keys; made += 333) {
      const names = Array.from({ length: 333 }, (_, index) => `project/k${made + index}`);
      await project.redis.call(["HSET", key, ...names.flatMap((name) => [name, "1 0 1"])]);
      await project.redis.call(["ZADD", `${key}_names`, ...names.flatMap((name) => ["0", name])]);
    }
    await set(project, "last", 1);
    const before = await project.dump();
    const refusal = await project.refusal(setSharedState, { key: "more", value: 1 });
    expect(refusal).toMatchObject({ reason: "limit", limit: LIMITS.state_keys });
    expect(await project.dump()).toEqual(before);
    expect(await set(project, "k1", 2)).toMatchObject({ version: 2 });
  });
});
