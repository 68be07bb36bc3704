// Misbehaviour on request.

import { Client, QstashError, QstashRatelimitError } from "@upstash/qstash";
import { expect, test } from "vitest";
import { minute, second, setUp } from "./set-up.ts";

test("delivers twice although the first was a success", async () => {
  const { qstash, client, endpoint, verify } = await setUp({ faults: [{ kind: "deliver-twice" }] });
  await client.publish({ url: endpoint.url, body: "x" });
  await client.publish({ url: endpoint.url, body: "y" });
  await qstash.idle();
  expect(endpoint.deliveries.map(({ body }) => body).toSorted()).toEqual(["x", "x", "y"]);
  for (const delivery of endpoint.deliveries) await verify(delivery, endpoint.url);
  expect(qstash.stats).toMatchObject({ delivered: 2, doubledByFault: 1, billed: 2 });
});

test("delivers late", async () => {
  const { qstash, client, endpoint } = await setUp();
  qstash.faults.add({ kind: "deliver-late", ms: 5_000 });
  await client.publish({ url: endpoint.url, delay: 10 });
  await qstash.clock.advance(15 * second - 1);
  expect(endpoint.deliveries).toHaveLength(0);
  await qstash.clock.advance(1);
  expect(endpoint.deliveries).toHaveLength(1);
});

test("delays each message once, not each of its attempts", async () => {
  const { qstash, client, endpoint } = await setUp();
  qstash.faults.add({ kind: "deliver-late", ms: 5_000, times: "always" });
  endpoint.answer({ status: 500 });
  await client.publish({ url: endpoint.url, retries: 1, retryDelay: "1000" });
  await qstash.clock.advance(6 * second - 1);
  expect(endpoint.deliveries).toHaveLength(1);
  await qstash.clock.advance(1);
  expect(endpoint.deliveries).toHaveLength(2);
});

test("reorders what is due, and lets a lone message go after a while", async () => {
  const { qstash, client, endpoint } = await setUp();
  qstash.faults.add({ kind: "reorder", size: 3, times: 2, withinMs: 5_000 });
  for (const body of ["1", "2", "3", "4"]) {
    await client.publish({ url: endpoint.url, body, flowControl: { key: "k", parallelism: 1 } });
  }
  await qstash.idle();
  expect(endpoint.deliveries.map(({ body }) => body)).toEqual(["3", "2", "1"]);
  await qstash.clock.advance(5_000);
  expect(endpoint.deliveries.map(({ body }) => body)).toEqual(["3", "2", "1", "4"]);
});

test("loses a delivery for good", async () => {
  const { qstash, client, endpoint } = await setUp({ faults: [{ kind: "lose-delivery" }] });
  await client.publish({ url: endpoint.url, body: "lost" });
  await client.publish({ url: endpoint.url, body: "kept" });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries.map(({ body }) => body)).toEqual(["kept"]);
  expect(qstash.pending()).toEqual([]);
  expect(qstash.stats.lostByFault).toBe(1);
});

test("crashes between delivery and acknowledgement and makes the same attempt again", async () => {
  const { qstash, client, endpoint } = await setUp({ faults: [{ kind: "crash-before-ack" }] });
  await client.publish({ url: endpoint.url });
  await qstash.idle();
  expect(endpoint.deliveries.map(({ headers }) => headers["upstash-retried"])).toEqual(["0", "0"]);
  expect(
    new Set(endpoint.deliveries.map(({ headers }) => headers["upstash-message-id"])).size,
  ).toBe(1);
});

test.each([
  [429, QstashRatelimitError],
  [412, QstashError],
  [500, QstashError],
] as const)("refuses a publish with %i and accepts nothing", async (status, type) => {
  const { qstash, client, endpoint } = await setUp({
    faults: [{ kind: "refuse-publish", status }],
  });
  const refused = await client.publish({ url: endpoint.url }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(type);
  expect(refused).toMatchObject({ status });
  expect(qstash.stats.published).toBe(0);
  await client.publish({ url: endpoint.url });
});

test("loses the reply of an accepted publish, so that a client that sends again publishes twice", async () => {
  const { qstash, endpoint } = await setUp({ faults: [{ kind: "lose-publish-reply", times: 2 }] });
  const retry = { retries: 1, backoff: () => 0 };
  const client = new Client({ baseUrl: qstash.url, token: qstash.token, retry });
  await expect(client.publish({ url: endpoint.url })).rejects.toThrow(/fetch failed/);
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(2);
  qstash.faults.add({ kind: "lose-publish-reply" });
  const published = await client.publish({ url: endpoint.url, deduplicationId: "once" });
  await qstash.idle();
  expect(published).toMatchObject({ deduplicated: true });
  expect(endpoint.deliveries).toHaveLength(3);
});

test("loses a publish before it is looked at", async () => {
  const { qstash, client, endpoint } = await setUp({ faults: [{ kind: "lose-publish" }] });
  await expect(client.publish({ url: endpoint.url })).rejects.toThrow(/fetch failed/);
  expect(qstash.stats.published).toBe(0);
});

test("blocks a host after time-outs, longer each time, and nobody else", async () => {
  const { qstash, client, endpoint } = await setUp();
  qstash.faults.add({ kind: "host-block", afterTimeouts: 1, blockMs: 60_000 });
  const held = Promise.withResolvers<{ status: number }>();
  endpoint.answer(() => held.promise);
  const timeOut = async (): Promise<void> => {
    await qstash.clock.advance(10 * second, { wait: false });
    await qstash.idle();
  };
  await client.publish({ url: endpoint.url, timeout: 10, retryDelay: "1000", retries: 1 });
  await endpoint.arrived(1);
  await timeOut();
  await qstash.clock.advance(59 * second);
  expect(endpoint.deliveries).toHaveLength(1);
  await qstash.clock.advance(second, { wait: false });
  await endpoint.arrived(2);
  await timeOut();
  endpoint.answer({ status: 200 });
  await client.publish({ url: endpoint.url });
  const other = await setUp();
  await client.publish({ url: other.endpoint.url });
  await qstash.clock.advance(2 * minute - 1);
  expect(endpoint.deliveries).toHaveLength(2);
  expect(other.endpoint.deliveries).toHaveLength(1);
  await qstash.clock.advance(1);
  expect(endpoint.deliveries).toHaveLength(3);
  held.resolve({ status: 200 });
});

test("forgives a host's time-outs once it answers", async () => {
  const { qstash, client, endpoint } = await setUp();
  qstash.faults.add({ kind: "host-block", afterTimeouts: 2, blockMs: 60_000 });
  const held = Promise.withResolvers<{ status: number }>();
  endpoint.answer(({ path }) => (path === "/slow" ? held.promise : { status: 200 }));
  const timeOutOnce = async (): Promise<void> => {
    const seen = endpoint.deliveries.length;
    await client.publish({ url: `${endpoint.url}/slow`, timeout: 10, retries: 0 });
    await endpoint.arrived(seen + 1);
    await qstash.clock.advance(10 * second, { wait: false });
    await qstash.idle();
  };
  await timeOutOnce();
  await client.publish({ url: endpoint.url });
  await qstash.idle();
  await timeOutOnce();
  await client.publish({ url: endpoint.url });
  await qstash.idle();
  expect(qstash.stats).toMatchObject({ delivered: 2, failed: 2 });
  held.resolve({ status: 200 });
});

test("strikes only the destinations named, as often as told, and with the chance given", async () => {
  const numbers = [0.9, 0.1, 0.9];
  const { qstash, client, endpoint } = await setUp({ random: () => numbers.shift() ?? 0.9 });
  qstash.faults.add({ kind: "lose-delivery", match: "/tick", times: "always", chance: 0.5 });
  for (const path of ["/tick", "/tick", "/tick", "/other"])
    await client.publish({ url: endpoint.url + path });
  await qstash.idle();
  expect(endpoint.deliveries.map(({ path }) => path).toSorted()).toEqual([
    "/other",
    "/tick",
    "/tick",
  ]);
});

test("is as good as new when faults are cleared or taken back", async () => {
  const { qstash, client, endpoint } = await setUp({
    faults: [{ kind: "lose-delivery", times: "always" }],
  });
  const takeBack = qstash.faults.add({ kind: "deliver-twice", times: "always" });
  takeBack();
  qstash.faults.clear("lose-delivery");
  expect(qstash.faults.list()).toEqual([]);
  await client.publish({ url: endpoint.url });
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(1);
});
