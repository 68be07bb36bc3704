// Queues: first in, first out, one at a time unless told otherwise.

import { expect, test } from "vitest";
import { call, second, setUp } from "./set-up.ts";

test("sends one message at a time, in the order of enqueuing", async () => {
  const { qstash, client, endpoint } = await setUp();
  const held = Promise.withResolvers<{ status: number }>();
  endpoint.answer(() => held.promise);
  const queue = client.queue({ queueName: "line" });
  for (const n of [1, 2, 3]) await queue.enqueueJSON({ url: endpoint.url, body: n });
  await endpoint.arrived(1);
  expect(await queue.get()).toMatchObject({ name: "line", parallelism: 1, paused: false, lag: 3 });
  expect(endpoint.deliveries).toHaveLength(1);
  held.resolve({ status: 200 });
  await qstash.idle();
  expect(endpoint.deliveries.map(({ body }) => body)).toEqual(["1", "2", "3"]);
  expect(await queue.get()).toMatchObject({ lag: 0 });
});

test("lets the next wait for the retries of the one before it", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ body }) => ({ status: body === "1" ? 500 : 200 }));
  const queue = client.queue({ queueName: "line" });
  await queue.enqueue({ url: endpoint.url, body: "1", retries: 1, retryDelay: "1000" });
  await queue.enqueue({ url: endpoint.url, body: "2" });
  await qstash.idle();
  expect(endpoint.deliveries.map(({ body }) => body)).toEqual(["1"]);
  await qstash.clock.advance(second);
  expect(endpoint.deliveries.map(({ body }) => body)).toEqual(["1", "1", "2"]);
});

test("lets the next wait for the callbacks of the one before it", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ path, headers }) => ({
    status: path === "/callback" && headers["upstash-retried"] === "0" ? 500 : 200,
  }));
  const queue = client.queue({ queueName: "line" });
  await queue.enqueue({
    url: `${endpoint.url}/1`,
    callback: `${endpoint.url}/callback`,
    headers: { "Upstash-Callback-Retry-Delay": "1000" },
  });
  await queue.enqueue({ url: `${endpoint.url}/2` });
  await qstash.idle();
  expect(endpoint.deliveries.map(({ path }) => path)).toEqual(["/1", "/callback"]);
  await qstash.clock.advance(second);
  expect(endpoint.deliveries.map(({ path }) => path)).toEqual([
    "/1",
    "/callback",
    "/callback",
    "/2",
  ]);
});

test("sends as many at once as the queue's parallelism", async () => {
  const { qstash, client, endpoint } = await setUp();
  const held = Promise.withResolvers<{ status: number }>();
  endpoint.answer(() => held.promise);
  const queue = client.queue({ queueName: "line" });
  await queue.upsert({ parallelism: 2 });
  for (const n of [1, 2, 3]) await queue.enqueueJSON({ url: endpoint.url, body: n });
  await endpoint.arrived(2);
  expect(await client.flowControl.getGlobalParallelism()).toEqual({
    parallelismMax: 10,
    parallelismCount: 2,
  });
  held.resolve({ status: 200 });
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(3);
});

test("holds messages while paused and sends them when resumed", async () => {
  const { qstash, client, endpoint } = await setUp();
  const queue = client.queue({ queueName: "line" });
  await queue.pause();
  await queue.enqueue({ url: endpoint.url });
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(0);
  expect(await queue.get()).toMatchObject({ paused: true, lag: 1 });
  await queue.resume();
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(1);
});

test("goes on with the next when the first is cancelled", async () => {
  const { qstash, client, endpoint } = await setUp();
  const queue = client.queue({ queueName: "line" });
  await queue.pause();
  const { messageId } = await queue.enqueue({ url: endpoint.url, body: "1" });
  await queue.enqueue({ url: endpoint.url, body: "2" });
  await client.messages.cancel(messageId);
  await queue.resume();
  await qstash.idle();
  expect(endpoint.deliveries.map(({ body }) => body)).toEqual(["2"]);
});

test("lists queues and forgets a deleted one with its messages", async () => {
  const { qstash, client, endpoint } = await setUp();
  const queue = client.queue({ queueName: "line" });
  await queue.upsert({ paused: true });
  await queue.enqueue({ url: endpoint.url });
  expect(await queue.list()).toMatchObject([{ name: "line", lag: 1 }]);
  await queue.delete();
  await expect(queue.get()).rejects.toMatchObject({ status: 404 });
  expect(qstash.pending()).toEqual([]);
});

test("refuses a wrong name with 400, and more parallelism or queues than the plan with 412", async () => {
  const { qstash, client, endpoint } = await setUp({ plan: { queues: 1 } });
  const odd = await call(qstash, { method: "POST", path: `/v2/enqueue/a%20b/${endpoint.url}` });
  expect(odd.status).toBe(400);
  await expect(client.queue({ queueName: "a" }).upsert({ parallelism: 3 })).rejects.toMatchObject({
    status: 412,
  });
  await expect(client.queue({ queueName: "a" }).upsert({ parallelism: 0 })).rejects.toMatchObject({
    status: 400,
  });
  await client.queue({ queueName: "a" }).upsert({});
  await expect(client.queue({ queueName: "b" }).upsert({})).rejects.toMatchObject({ status: 412 });
});
