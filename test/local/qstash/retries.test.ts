// What happens when an endpoint does not answer with 2xx.

import { expect, test } from "vitest";
import { startEndpoint } from "./endpoint.ts";
import { day, minute, second, setUp } from "./set-up.ts";

test("retries three times with the documented backoff, then makes a dead letter", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status: 500, body: "broken" });
  const { messageId } = await client.publish({ url: endpoint.url, body: "x" });
  await qstash.idle();
  const waits = [12, 148, 1_808];
  for (const [index, wait] of waits.entries()) {
    await qstash.clock.advance(wait * second - 1);
    expect(endpoint.deliveries).toHaveLength(index + 1);
    await qstash.clock.advance(1);
    expect(endpoint.deliveries).toHaveLength(index + 2);
  }
  expect(endpoint.deliveries.map(({ headers }) => headers["upstash-retried"])).toEqual([
    "0",
    "1",
    "2",
    "3",
  ]);
  expect(new Set(endpoint.deliveries.map(({ headers }) => headers["upstash-message-id"]))).toEqual(
    new Set([messageId]),
  );
  await qstash.clock.advance(10 * day);
  expect(endpoint.deliveries).toHaveLength(4);
  expect(qstash.stats).toMatchObject({ attempts: 4, retries: 3, failed: 1, delivered: 0 });
});

test("signs every attempt afresh", async () => {
  const { qstash, client, endpoint, verify } = await setUp();
  endpoint.answer({ status: 500 });
  await client.publish({ url: endpoint.url, body: "x", retries: 2, retryDelay: "1000" });
  await qstash.clock.advance(minute);
  const signatures = endpoint.deliveries.map(({ headers }) => headers["upstash-signature"]);
  expect(new Set(signatures).size).toBe(3);
  for (const delivery of endpoint.deliveries) await verify(delivery, endpoint.url);
});

test.each([200, 201, 202, 204, 299])("takes %i as success", async (status) => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status });
  await client.publish({ url: endpoint.url });
  await qstash.idle();
  expect(qstash.stats.delivered).toBe(1);
});

test.each([301, 302, 304, 400, 404, 429, 489, 500, 503])("takes %i as failure", async (status) => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status, headers: { Location: `${endpoint.url}/elsewhere` } });
  await client.publish({ url: endpoint.url, retries: 0 });
  await qstash.idle();
  expect(qstash.stats).toMatchObject({ delivered: 0, failed: 1 });
  expect(endpoint.deliveries).toHaveLength(1);
});

test("computes the wait from the message's own expression", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status: 500 });
  await client.publish({ url: endpoint.url, retryDelay: "pow(2, retried) * 1000", retries: 3 });
  await qstash.idle();
  for (const [index, wait] of [1_000, 2_000, 4_000].entries()) {
    await qstash.clock.advance(wait - 1);
    expect(endpoint.deliveries).toHaveLength(index + 1);
    await qstash.clock.advance(1);
    expect(endpoint.deliveries).toHaveLength(index + 2);
  }
});

test.each([
  ["Retry-After", "30", 30],
  ["X-RateLimit-Reset", "6m5s", 365],
  ["X-RateLimit-Reset-Requests", "2", 2],
  ["X-RateLimit-Reset-Tokens", "1m", 60],
])("obeys %s: %s", async (name, value, seconds) => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status: 429, headers: { [name]: value } });
  await client.publish({ url: endpoint.url, retries: 1 });
  await qstash.clock.advance(seconds * second - 1);
  expect(endpoint.deliveries).toHaveLength(1);
  await qstash.clock.advance(1);
  expect(endpoint.deliveries).toHaveLength(2);
});

test("stops at once on 489 with Upstash-NonRetryable-Error, and not on 489 alone", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status: 489, headers: { "Upstash-NonRetryable-Error": "true" } });
  await client.publish({ url: endpoint.url });
  await qstash.idle();
  expect(qstash.stats.failed).toBe(1);
  endpoint.answer({ status: 489 });
  await client.publish({ url: endpoint.url });
  await qstash.idle();
  expect(qstash.stats.failed).toBe(1);
  expect(qstash.pending()).toHaveLength(1);
});

test("ends an attempt after Upstash-Timeout and retries it", async () => {
  const { qstash, client, endpoint } = await setUp();
  const held = Promise.withResolvers<{ status: number }>();
  endpoint.answer(() => held.promise);
  await client.publish({ url: endpoint.url, timeout: 30, retryDelay: "1000" });
  await endpoint.arrived(1);
  await qstash.clock.advance(30 * second - 1, { wait: false });
  expect(qstash.pending()).toHaveLength(1);
  await qstash.clock.advance(1, { wait: false });
  await qstash.idle();
  held.resolve({ status: 200 });
  const { logs } = await client.logs({ filter: { state: "ERROR" } });
  expect(logs).toMatchObject([{ error: "request timed out" }]);
  endpoint.answer({ status: 200 });
  await qstash.clock.advance(second);
  expect(qstash.stats).toMatchObject({ attempts: 2, delivered: 1 });
});

test("ends an attempt after the plan's longest response time", async () => {
  const { qstash, client, endpoint } = await setUp();
  const held = Promise.withResolvers<{ status: number }>();
  endpoint.answer(() => held.promise);
  await client.publish({ url: endpoint.url, timeout: "1h", retries: 0 });
  await endpoint.arrived(1);
  await qstash.clock.advance(15 * minute, { wait: false });
  await qstash.idle();
  held.resolve({ status: 200 });
  expect(qstash.stats.failed).toBe(1);
});

test("retries an endpoint that is not there and delivers when it is back", async () => {
  const { qstash, client } = await setUp();
  const gone = await startEndpoint();
  await gone.stop();
  await client.publish({ url: gone.url, retries: 0 });
  await qstash.idle();
  const { messages } = await client.dlq.listMessages();
  expect(messages).toMatchObject([
    { url: gone.url, responseBody: expect.stringMatching(/ECONNREFUSED/) },
  ]);
});
