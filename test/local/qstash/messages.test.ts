// Cancelling messages, one or many.

import { expect, test } from "vitest";
import { minute, second, setUp } from "./set-up.ts";

test("cancels a waiting message: it is gone at once and logged as cancelled when it would be due", async () => {
  const { qstash, client, endpoint } = await setUp();
  const { messageId } = await client.publish({ url: endpoint.url, delay: 60 });
  expect(await client.messages.cancel(messageId)).toEqual({ cancelled: 1 });
  await expect(client.messages.get(messageId)).rejects.toMatchObject({ status: 404 });
  await expect(client.messages.cancel(messageId)).rejects.toMatchObject({ status: 404 });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries).toHaveLength(0);
  const { logs } = await client.logs({ messageIds: [messageId] });
  expect(logs.map(({ state }) => state)).toEqual(["CANCELED", "CANCEL_REQUESTED", "CREATED"]);
  expect(qstash.stats.canceled).toBe(1);
});

test("does not interrupt a call that is under way, but makes no further one", async () => {
  const { qstash, client, endpoint } = await setUp();
  const held = Promise.withResolvers<{ status: number }>();
  endpoint.answer(() => held.promise);
  const { messageId } = await client.publish({ url: endpoint.url, retryDelay: "1000" });
  await endpoint.arrived(1);
  await client.messages.cancel(messageId);
  held.resolve({ status: 500 });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries).toHaveLength(1);
  expect(qstash.stats).toMatchObject({ canceled: 1, failed: 0 });
});

test("counts a message as delivered when the call under way succeeds after the cancel", async () => {
  const { qstash, client, endpoint } = await setUp();
  const held = Promise.withResolvers<{ status: number }>();
  endpoint.answer(() => held.promise);
  const { messageId } = await client.publish({ url: endpoint.url });
  await endpoint.arrived(1);
  await client.messages.cancel(messageId);
  held.resolve({ status: 200 });
  await qstash.idle();
  expect(qstash.stats).toMatchObject({ delivered: 1, canceled: 0 });
});

test("cancels by ids, by filters and all, and says how many", async () => {
  const { qstash, client, endpoint } = await setUp();
  const publish = async (label: string, path = "/work") =>
    (await client.publish({ url: endpoint.url + path, delay: 60, label })).messageId;
  const ids = [
    await publish("a"),
    await publish("a"),
    await publish("b"),
    await publish("c", "/other"),
  ];
  await client.publish({ url: endpoint.url, delay: 60, flowControl: { key: "k", rate: 1 } });
  await client.publish({ url: endpoint.url, delay: 60 });
  await client.queue({ queueName: "line" }).upsert({ paused: true });
  await client.queue({ queueName: "line" }).enqueue({ url: endpoint.url });

  expect(await client.messages.cancel([ids[0] ?? "", "msg_unknown"])).toEqual({ cancelled: 1 });
  expect(await client.messages.cancel({ filter: { label: ["a", "b"] } })).toEqual({ cancelled: 2 });
  expect(
    await client.messages.cancel({ filter: { path: "/other", host: new URL(endpoint.url).host } }),
  ).toEqual({
    cancelled: 1,
  });
  expect(await client.messages.cancel({ filter: { flowControlKey: "k" } })).toEqual({
    cancelled: 1,
  });
  expect(await client.messages.cancel({ filter: { queueName: "line" } })).toEqual({ cancelled: 1 });
  expect(
    await client.messages.cancel({ filter: { fromDate: qstash.clock.now() + second } }),
  ).toEqual({
    cancelled: 0,
  });
  expect(await client.messages.cancel({ all: true })).toEqual({ cancelled: 1 });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries).toHaveLength(0);
});
