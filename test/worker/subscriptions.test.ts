/** `subscriptions/listen` of the built Worker, with real clients: what is told to whom, and what becomes of broken streams. */
import { beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { openEvents } from "../support/event-reader.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import { openSubscriber } from "../support/subscriber.ts";
import { type Api, apiOf, type KeyRole } from "../support/worker-api.ts";

const stack = useStack();
let api: Api;
beforeEach(() => {
  api = apiOf(stack());
});

const subscriber = (role: KeyRole = "worker") =>
  openSubscriber({ url: stack().mcpUrl, key: stack().keys[role] });

const taskUri = (id: string): string => `baton://tasks/${id}`;
const runUri = (id: string): string => `baton://runs/${id.slice(0, id.indexOf("t"))}`;

test("a client that goes takes its subscription at the database with it", async () => {
  const id = await api.task("left");
  const { client, listen } = await subscriber();
  await listen(taskUri(id));
  const { streams } = stack().upstash;
  expect(streams.count()).toBe(1);
  await client.close();
  await expect.poll(streams.count).toBe(0);
});

test("a change of a task is told of the task and of its run, and what is read then is new", async () => {
  const { client, told, listen } = await subscriber();
  const id = await api.task("watched");
  const other = await api.task("watched");
  const subscription = await listen(taskUri(id), runUri(id));
  expect(subscription.honoredFilter).toEqual({
    resourceSubscriptions: [taskUri(id), runUri(id)],
  });
  const { contents } = await client.readResource({ uri: taskUri(id) });
  expect(JSON.stringify(contents)).toContain('\\"status\\":\\"ready\\"');

  await api.ok("control_task", { action: "cancel", task_ids: [other] });
  await api.claim("watcher", { agent_type: "watched" });

  await expect.poll(() => told).toEqual([taskUri(id), runUri(id)]);
  const { contents: now } = await client.readResource({ uri: taskUri(id) });
  expect(JSON.stringify(now)).toContain('\\"status\\":\\"running\\"');
});

test("of two subscriptions each is told what it asked for", async () => {
  const [first, second] = [await api.task("pair"), await api.task("pair")];
  const { told, listen } = await subscriber();
  await listen(taskUri(first));
  await listen(runUri(second));
  await api.ok("control_task", { action: "cancel", task_ids: [first] });
  await expect.poll(() => told).toEqual([taskUri(first)]);
  await api.ok("control_task", { action: "cancel", task_ids: [second] });
  await expect.poll(() => told).toEqual([taskUri(first), runUri(second)]);
});

test("what does not exist, and what cannot be listened to, is not acknowledged", async () => {
  const { listen } = await subscriber();
  const id = await api.task("known");
  const some = await listen(taskUri("r99999t1"), taskUri(id), "baton://state/plan", runUri(id));
  expect(some.honoredFilter).toEqual({ resourceSubscriptions: [taskUri(id), runUri(id)] });
  const none = await listen(taskUri("r99999t1"), "baton://runs/r1t1", "https://example.com");
  expect(none.honoredFilter).toEqual({});
  expect(await none.closed).toBe("graceful");
});

test("the oldest of too many streams ends, says so, and can be opened anew", async () => {
  const id = await api.task("crowd");
  const { told, listen } = await subscriber("viewer");
  const oldest = await listen(taskUri(id));
  const others = [];
  for (let number = 0; number < LIMITS.event_streams_per_key; number++) {
    others.push(await openEvents(stack(), "?agent_type=none", { role: "viewer" }));
  }
  await api.task("crowd");
  expect(await oldest.closed).toBe("graceful");
  for (const reader of others) reader.close();

  await listen(taskUri(id));
  await api.ok("control_task", { action: "cancel", task_ids: [id] });
  await expect.poll(() => told).toEqual([taskUri(id)]);
});

test("with every message dropped, a change is told once the database's stream ends", async () => {
  const id = await api.task("deaf");
  const { told, listen } = await subscriber();
  await listen(taskUri(id));
  const { faults, streams } = stack().upstash;
  faults.add({ kind: "drop-message" });
  await api.ok("control_task", { action: "cancel", task_ids: [id] });
  expect(told).toEqual([]);
  streams.close("events");
  await expect.poll(() => told).toEqual([taskUri(id)]);
  faults.clear();
});

test("a client of 2025 is not told of what it could not use", async () => {
  const { mcpUrl: url, keys } = stack();
  const capabilities = async (era: "2025-11-25" | "2026-07-28") => {
    const { client } = await openMcpClient({ era, url, key: keys.worker });
    return client.getServerCapabilities();
  };
  expect(await capabilities("2026-07-28")).toEqual({
    tools: {},
    prompts: {},
    resources: { subscribe: true },
  });
  expect(await capabilities("2025-11-25")).toEqual({ tools: {}, prompts: {}, resources: {} });
  const { client } = await openMcpClient({ era: "2025-11-25", url, key: keys.worker });
  await expect(client.subscribeResource({ uri: "baton://runs/r1" })).rejects.toThrow(
    /does not support|not found/i,
  );
});
