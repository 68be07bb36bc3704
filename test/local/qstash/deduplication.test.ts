// Publishing the same twice within ten minutes.

import { expect, test } from "vitest";
import { call, minute, setUp } from "./set-up.ts";

test("answers a repeated id with 202, the first message's id and deduplicated", async () => {
  const { qstash, client, endpoint } = await setUp();
  const first = await client.publish({ url: endpoint.url, deduplicationId: "once" });
  const again = await call(qstash, {
    method: "POST",
    path: `/v2/publish/${endpoint.url}/elsewhere`,
    body: "other",
    headers: { "Upstash-Deduplication-Id": "once" },
  });
  expect(again).toMatchObject({
    status: 202,
    json: { messageId: first.messageId, deduplicated: true },
  });
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(1);
  expect(qstash.stats).toMatchObject({ published: 1, deduplicated: 1, billed: 1 });
});

test("delivers again once ten minutes have passed since the first, duplicates between notwithstanding", async () => {
  const { qstash, client, endpoint } = await setUp();
  const publish = () => client.publish({ url: endpoint.url, deduplicationId: "once" });
  await publish();
  await qstash.clock.advance(10 * minute - 1);
  expect(await publish()).toMatchObject({ deduplicated: true });
  await qstash.clock.advance(1);
  expect(await publish()).not.toHaveProperty("deduplicated");
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(2);
});

test("swallows the republish of a message that has failed within the window", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status: 500 });
  await client.publish({ url: endpoint.url, deduplicationId: "once", retries: 0 });
  await qstash.idle();
  expect(await client.publish({ url: endpoint.url, deduplicationId: "once" })).toMatchObject({
    deduplicated: true,
  });
});

test("tells contents apart by destination, body, content type and forwarded headers", async () => {
  const { client, endpoint } = await setUp();
  const base = { url: endpoint.url, body: { a: 1 }, contentBasedDeduplication: true };
  const isDuplicate = async (change: object): Promise<boolean> =>
    (await client.publishJSON({ ...base, ...change })).deduplicated === true;
  expect(await isDuplicate({})).toBe(false);
  expect(await isDuplicate({})).toBe(true);
  expect(await isDuplicate({ delay: 5 })).toBe(true);
  expect(await isDuplicate({ body: { a: 2 } })).toBe(false);
  expect(await isDuplicate({ url: `${endpoint.url}/other` })).toBe(false);
  expect(await isDuplicate({ headers: { "X-Custom": "1" } })).toBe(false);
  expect(await isDuplicate({ contentBasedDeduplication: false })).toBe(false);
});

test("marks duplicates inside a batch", async () => {
  const { client, endpoint } = await setUp();
  const item = { url: endpoint.url, deduplicationId: "once" };
  const [first, again] = await client.batch([{ ...item }, { ...item }]);
  expect(first).not.toHaveProperty("deduplicated");
  expect(again).toMatchObject({ deduplicated: true });
});

test("gives each endpoint of a URL group its message, and none twice", async () => {
  const { qstash, client, endpoint } = await setUp();
  await client.urlGroups.addEndpoints({
    name: "group",
    endpoints: [{ url: `${endpoint.url}/a` }, { url: `${endpoint.url}/b` }],
  });
  const first = await client.publish({ urlGroup: "group", deduplicationId: "once" });
  const again = await client.publish({ urlGroup: "group", deduplicationId: "once" });
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(2);
  expect(again).toMatchObject(first);
  expect(again.every(({ deduplicated }) => deduplicated)).toBe(true);
});
