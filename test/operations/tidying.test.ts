/** What retention forgets besides tasks, so that nothing grows without bound. */
import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { followEvents } from "../../src/operations/follow-events.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listAgents } from "../../src/operations/list-agents.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { tick } from "../../src/operations/tick.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const MONTH = LIMITS.agent_kept_ms / 1000;
const HOUR = LIMITS.tidy_each_ms / 1000;

let project: Project;

beforeEach(() => {
  project = newProject();
});

/** Fields of the control hash that begin so. */
async function fields(prefix: string): Promise<string[]> {
  const control = (await project.dump()).hashes["control"] ?? {};
  return Object.keys(control).filter((name) => name.startsWith(prefix));
}

async function known(): Promise<string[]> {
  const { agents } = await project.ok(listAgents, {});
  return agents.map(({ agent_id }) => agent_id).toSorted();
}

describe("an agent", () => {
  test("that was not seen for 30 days and holds nothing is forgotten, with its breaker", async () => {
    await project.task();
    await project.bury((await project.claim("ada")).lease, "E1");
    await project.poll("bob");
    project.advance(MONTH - 1);
    await project.poll("bob");
    await tick(project.store);
    expect(await known()).toEqual(["ada", "bob"]);
    project.advance(HOUR);
    await tick(project.store);
    expect(await known()).toEqual(["bob"]);
    expect(await fields("agents")).toEqual(["agents"]);
    expect(await fields("breaker:agent:")).toEqual([]);
    expect(await project.audit()).toEqual([]);
    await project.poll("ada");
    expect(await known()).toEqual(["ada", "bob"]);
    expect(await project.audit()).toEqual([]);
  });

  test("is not forgotten while a lease of it is open, whoever has not looked at that yet", async () => {
    await project.task({ options: { max_run_seconds: 86_400 } });
    const { lease } = await project.claim("ada");
    project.advance(MONTH);
    await project.store.retire();
    expect(await fields("agent:")).toEqual(["agent:ada"]);
    expect(await project.audit()).toEqual([]);
    await tick(project.store);
    expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "lease_ended" });
    project.advance(HOUR);
    await tick(project.store);
    expect(await fields("agent")).toEqual([]);
    expect(await project.audit()).toEqual([]);
  });

  test("leaves behind a breaker that people have forced", async () => {
    await project.poll("ada");
    await project.ok(setBreaker, { agent_id: "ada", state: "open" });
    await project.ok(setBreaker, { agent_id: "eve", state: "open" });
    await project.ok(setBreaker, { agent_id: "eve", state: "auto" });
    project.advance(MONTH);
    await tick(project.store);
    expect(await fields("agent:")).toEqual([]);
    expect(await fields("breaker:agent:")).toEqual(["breaker:agent:ada"]);
    await project.ok(setBreaker, { agent_id: "ada", state: "auto" });
    project.advance(HOUR);
    await tick(project.store);
    expect(await fields("breaker:")).toEqual([]);
  });
});

test("150 of 450 agents go in bounded pages that go on where the last one stopped", async () => {
  const ids = Array.from({ length: 450 }, (_, index) => `agent-${index}`);
  const kept = ids.filter((_, index) => index % 3 > 0);
  for (const id of ids) await project.poll(id);
  project.advance(MONTH - 1);
  for (const id of kept) await project.poll(id);
  project.advance(1);
  const page = async (): Promise<number> => {
    project.upstash.stats.reset();
    await project.store.retire();
    expect(project.upstash.stats.snapshot().billed).toBeLessThanOrEqual(12);
    expect(await project.audit()).toEqual([]);
    return (await fields("agent:")).length;
  };
  const first = await page();
  expect(first).toBeGreaterThan(kept.length);
  expect(await page()).toBeLessThan(first);
  // An engine whose cursor is a place in a list passes over some when others go: they go an hour later.
  for (let pages = 0; (await page()) > kept.length; pages++) {
    expect(pages).toBeLessThan(9);
    project.advance(HOUR);
  }
  expect(await fields("agent:")).toHaveLength(kept.length);
});

test("an agent type that nobody polled for in 30 days is forgotten, and who waited for it", async () => {
  await project.poll("ada", { agent_type: "old" });
  project.advance(MONTH);
  await project.poll("ada", { agent_type: "new" });
  await project.store.poll({
    agent: {
      agent_id: "eve",
      agent_type: "new",
      key_id: "key",
      max_tasks: 1,
      lease_seconds: 0,
      wait_ms: 30_000,
    },
    checks: ["check"],
  });
  expect(await fields("watch:")).toEqual(["watch:new"]);
  await tick(project.store);
  const control = async () => (await project.dump()).hashes["control"];
  expect(Object.keys(JSON.parse((await control())?.["types"] ?? "{}"))).toEqual(["new"]);
  project.advance(HOUR);
  await tick(project.store);
  expect(await fields("watch:")).toEqual([]);
});

describe("the breaker of a type", () => {
  const breakers = () => fields("breaker:type:");

  test("is forgotten when nothing has happened for 30 days", async () => {
    await project.task();
    await project.fail((await project.claim("ada")).lease);
    await tick(project.store);
    project.advance(MONTH - 1);
    await tick(project.store);
    expect(await breakers()).toEqual(["breaker:type:implementation"]);
    project.advance(HOUR);
    await tick(project.store);
    expect(await breakers()).toEqual([]);
    expect(await project.audit()).toEqual([]);
  });

  test("is kept while it is open, or forced", async () => {
    for (let number = 0; number < LIMITS.breaker_failures; number++) {
      await project.task();
      await project.fail((await project.claim(`agent-${number}`)).lease);
    }
    project.advance(HOUR);
    await tick(project.store);
    expect(await breakers()).toEqual(["breaker:type:implementation"]);
    await project.ok(setBreaker, { agent_type: "planning", state: "closed" });
    project.advance(MONTH);
    await tick(project.store);
    expect(await breakers()).toEqual(["breaker:type:planning"]);
    expect(await project.audit()).toEqual([]);
  });
});

test("of the types that are polled for, however many there are, the latest are known", async () => {
  for (let number = 0; number < LIMITS.types_kept + 20; number++) {
    project.advance(1);
    await project.poll("ada", { agent_type: `type-${number}` });
  }
  const types = (await project.dump()).hashes["control"]?.["types"] ?? "{}";
  const known = Object.keys(JSON.parse(types) as object);
  expect(known).toHaveLength(LIMITS.types_kept);
  expect(known).toContain(`type-${LIMITS.types_kept + 19}`);
  expect(known).not.toContain("type-19");
});

test("events go after a day, a few at most later", async () => {
  for (let number = 0; number < 250; number++) await project.task();
  project.advance(LIMITS.events_kept_ms / 1000);
  for (let number = 0; number < 5; number++) await project.task();
  project.advance(1);
  await tick(project.store);
  const facts = factsOf(await project.dump());
  // Redis drops whole nodes of a stream, a hundred entries each.
  expect(facts.length).toBeLessThan(120);
  expect(facts.filter(({ type }) => type === "task.created").length).toBeGreaterThanOrEqual(5);
});

test("it looks once an hour: between, a step costs as much as without", async () => {
  await project.poll("ada");
  await tick(project.store);
  project.advance(60);
  const cost = async (): Promise<number> => {
    project.upstash.stats.reset();
    await project.store.retire();
    return project.upstash.stats.snapshot().billed;
  };
  // EVALSHA, HMGET control, ZRANGE line
  expect(await cost()).toBe(3);
  project.advance(HOUR);
  // Also XREVRANGE, XTRIM, HSCAN and HSET.
  expect(await cost()).toBe(7);
});

test("whoever resumes after a day, of which nothing is known any more, is told that", async () => {
  const follow = (after?: string) =>
    followEvents(project.store.events, {
      isWanted: () => true,
      signal: new AbortController().signal,
      ...(after !== undefined && { after }),
    });
  await project.task();
  const reader = follow();
  const { value: start } = await reader.next();
  await reader.return(undefined);
  // So many that Redis, which drops whole nodes, may drop them all.
  for (let number = 0; number < 110; number++) await project.task();
  project.advance((2 * LIMITS.events_kept_ms) / 1000);
  await project.store.retire();
  const again = follow(start && "at" in start ? start.at : "");
  expect((await again.next()).value).toMatchObject({ kind: "start" });
  expect((await again.next()).value).toMatchObject({ kind: "gap" });
  await again.return(undefined);
});
