// What the plan allows, and what is counted as billed.

import { QstashDailyRatelimitError } from "@upstash/qstash";
import { expect, test } from "vitest";
import { call, day, hour, setUp } from "./set-up.ts";

test("refuses a body, a delay or retries over the plan with 412", async () => {
  const { client, endpoint } = await setUp({ plan: { maxRetries: 5 } });
  const url = endpoint.url;
  await expect(client.publish({ url, body: "x".repeat(1024 * 1024 + 1) })).rejects.toMatchObject({
    status: 412,
  });
  await expect(client.publish({ url, delay: "8d" })).rejects.toMatchObject({ status: 412 });
  await expect(client.publish({ url, retries: 6 })).rejects.toMatchObject({ status: 412 });
  await client.publish({ url, body: "x".repeat(1024 * 1024), delay: "7d", retries: 5 });
});

test("allows more on a larger plan", async () => {
  const { qstash, client, endpoint } = await setUp({ plan: "payg" });
  await client.publish({ url: endpoint.url, delay: "300d", body: "x".repeat(2 * 1024 * 1024) });
  expect(qstash.pending()).toHaveLength(1);
});

test("counts each publish, retry and callback as billed, and begins anew each day", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ path }) => ({ status: path === "/work" ? 500 : 200 }));
  await client.publish({
    url: `${endpoint.url}/work`,
    retries: 2,
    retryDelay: "1000",
    callback: `${endpoint.url}/callback`,
    failureCallback: `${endpoint.url}/failure`,
  });
  await qstash.clock.advance(10_000);
  expect(qstash.stats).toMatchObject({
    published: 1,
    retries: 2,
    callbacks: 4,
    billed: 7,
    attempts: 7,
  });
  await qstash.clock.advance(day);
  await client.publish({ url: endpoint.url });
  expect(qstash.stats).toMatchObject({ billed: 8, billedToday: 1 });
});

test("does not keep the daily limit by default, and keeps it with 429 on request", async () => {
  const soft = await setUp({ plan: { messagesPerDay: 1 } });
  for (let n = 0; n < 3; n += 1) await soft.client.publish({ url: soft.endpoint.url });
  const hard = await setUp({ plan: { messagesPerDay: 1, enforceDailyLimit: true } });
  await hard.client.publish({ url: hard.endpoint.url });
  await expect(hard.client.publish({ url: hard.endpoint.url })).rejects.toBeInstanceOf(
    QstashDailyRatelimitError,
  );
  await hard.qstash.clock.advance(24 * hour);
  await hard.client.publish({ url: hard.endpoint.url });
});

test("knows the four plans by name", async () => {
  for (const [plan, parallelismMax] of [
    ["free", 10],
    ["payg", 100],
    ["fixed_1m", 200],
    ["fixed_10m", 1_000],
  ] as const) {
    const { qstash } = await setUp({ plan });
    expect((await call(qstash, { path: "/v2/globalParallelism" })).json).toMatchObject({
      parallelismMax,
    });
  }
});
