// Limits per flow-control key and over everything.

import { expect, test } from "vitest";
import { minute, second, setUp } from "./set-up.ts";

test("opens at most `parallelism` calls per key and the next as soon as one ends", async () => {
  const { qstash, client, endpoint } = await setUp();
  const held = [0, 1, 2].map(() => Promise.withResolvers<{ status: number }>());
  let arrived = 0;
  endpoint.answer(async () => (await held[arrived++]?.promise) ?? { status: 200 });
  for (let n = 0; n < 3; n += 1) {
    await client.publish({ url: endpoint.url, flowControl: { key: "k", parallelism: 2 } });
  }
  await endpoint.arrived(2);
  expect(await client.flowControl.get("k")).toMatchObject({
    flowControlKey: "k",
    parallelismMax: 2,
    parallelismCount: 2,
    waitListSize: 1,
  });
  held[0]?.resolve({ status: 200 });
  await endpoint.arrived(3);
  for (const { resolve } of held) resolve({ status: 200 });
  await qstash.idle();
  expect(await client.flowControl.get("k")).toMatchObject({ parallelismCount: 0, waitListSize: 0 });
});

test("begins at most `rate` calls per period, the rest in the next ones", async () => {
  const { qstash, client, endpoint } = await setUp();
  for (let n = 0; n < 5; n += 1) {
    await client.publish({ url: endpoint.url, flowControl: { key: "k", rate: 2, period: "1m" } });
  }
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(2);
  expect(await client.flowControl.get("k")).toMatchObject({
    rateMax: 2,
    rateCount: 2,
    ratePeriod: 60,
    ratePeriodStart: Math.floor(qstash.clock.now() / 1_000),
    waitListSize: 3,
  });
  await qstash.clock.advance(minute - 1);
  expect(endpoint.deliveries).toHaveLength(2);
  await qstash.clock.advance(1);
  expect(endpoint.deliveries).toHaveLength(4);
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries).toHaveLength(5);
});

test("delays nobody who uses another key, or none", async () => {
  const { qstash, client, endpoint } = await setUp();
  const slow = Promise.withResolvers<{ status: number }>();
  endpoint.answer(({ path }) => (path === "/slow" ? slow.promise : { status: 200 }));
  const flowControl = { key: "slow", parallelism: 1 };
  await client.publish({ url: `${endpoint.url}/slow`, flowControl });
  await client.publish({ url: `${endpoint.url}/slow`, flowControl });
  await client.publish({ url: `${endpoint.url}/a`, flowControl: { key: "other", parallelism: 1 } });
  await client.publish({ url: `${endpoint.url}/b` });
  await endpoint.arrived(3);
  expect(endpoint.deliveries.map(({ path }) => path).toSorted()).toEqual(["/a", "/b", "/slow"]);
  slow.resolve({ status: 200 });
  await qstash.idle();
});

test("holds a paused key and goes on when resumed", async () => {
  const { qstash, client, endpoint } = await setUp();
  await client.flowControl.pause("k");
  await client.publish({ url: endpoint.url, flowControl: { key: "k", parallelism: 5 } });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries).toHaveLength(0);
  expect(await client.flowControl.get("k")).toMatchObject({ isPaused: true, waitListSize: 1 });
  await client.flowControl.resume("k");
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(1);
});

test("takes the limits of the newest message unless they are pinned", async () => {
  const { client, endpoint } = await setUp();
  const publish = (parallelism: number, rate: number) =>
    client.publish({ url: endpoint.url, flowControl: { key: "k", parallelism, rate }, delay: 60 });
  await publish(1, 10);
  await publish(2, 20);
  expect(await client.flowControl.get("k")).toMatchObject({ parallelismMax: 2, rateMax: 20 });
  await client.flowControl.pin("k", { parallelism: 7 });
  await publish(3, 30);
  expect(await client.flowControl.get("k")).toMatchObject({
    parallelismMax: 7,
    rateMax: 30,
    isPinnedParallelism: true,
    isPinnedRate: false,
  });
  await client.flowControl.pin("k", { rate: 5, period: 120 });
  await client.flowControl.unpin("k", { parallelism: true });
  await publish(4, 40);
  expect(await client.flowControl.get("k")).toMatchObject({
    parallelismMax: 4,
    rateMax: 5,
    ratePeriod: 120,
  });
});

test("lets waiting messages go at once when the rate is reset", async () => {
  const { qstash, client, endpoint } = await setUp();
  for (let n = 0; n < 2; n += 1) {
    await client.publish({ url: endpoint.url, flowControl: { key: "k", rate: 1, period: "7d" } });
  }
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(1);
  await client.flowControl.resetRate("k");
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(2);
});

test("counts retries as calls of their key", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status: 500 });
  await client.publish({
    url: endpoint.url,
    retries: 1,
    retryDelay: "1000",
    flowControl: { key: "k", rate: 1, period: "1m" },
  });
  await qstash.clock.advance(minute - 1);
  expect(endpoint.deliveries).toHaveLength(1);
  await qstash.clock.advance(second);
  expect(endpoint.deliveries).toHaveLength(2);
});

test("opens at most as many calls as the plan allows over everything", async () => {
  const { qstash, client, endpoint } = await setUp({ plan: { parallelism: 2 } });
  const held = Promise.withResolvers<{ status: number }>();
  endpoint.answer(() => held.promise);
  for (let n = 0; n < 3; n += 1) await client.publish({ url: endpoint.url });
  await endpoint.arrived(2);
  expect(await client.flowControl.getGlobalParallelism()).toEqual({
    parallelismMax: 2,
    parallelismCount: 2,
  });
  held.resolve({ status: 200 });
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(3);
});

test("answers 404 for an unknown key and 400 for limits that make no sense", async () => {
  const { client, endpoint } = await setUp();
  await expect(client.flowControl.get("nobody")).rejects.toMatchObject({ status: 404 });
  await expect(client.flowControl.pin("k", { rate: -1 })).rejects.toMatchObject({ status: 400 });
  await expect(client.flowControl.pin("k", {})).rejects.toMatchObject({ status: 400 });
  await expect(
    client.publish({ url: endpoint.url, flowControl: { key: "k", rate: 1, period: "8d" } }),
  ).rejects.toMatchObject({ status: 400 });
});
