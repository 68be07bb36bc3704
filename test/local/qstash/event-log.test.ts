// The log of events, through /v2/events (the SDK) and /v2/logs (the documentation).

import { expect, test } from "vitest";
import { call, day, second, setUp } from "./set-up.ts";

test("records the life of a message that fails, is retried and delivered", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ headers }) =>
    headers["upstash-retried"] === "0" ? { status: 503, body: "later" } : { status: 200 },
  );
  const { messageId } = await client.publish({
    url: endpoint.url,
    body: "x",
    retryDelay: "1000",
    label: "l",
  });
  const start = qstash.clock.now();
  await qstash.clock.advance(second);
  const { logs } = await client.logs({ messageIds: [messageId] });
  expect(logs.toReversed()).toMatchObject([
    { state: "CREATED", time: start, url: endpoint.url, body: "eA==", labels: ["l"], label: "l" },
    { state: "ACTIVE", time: start },
    { state: "ERROR", error: "later", responseStatus: 503, responseBody: "bGF0ZXI=" },
    { state: "RETRY", nextDeliveryTime: start + second },
    { state: "ACTIVE", time: start + second },
    { state: "DELIVERED", time: start + second },
  ]);
});

test("records the failure of a message that runs out of retries", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status: 500 });
  await client.publish({ url: endpoint.url, retries: 0 });
  await qstash.idle();
  const { logs } = await client.logs();
  expect(logs.map(({ state }) => state)).toEqual(["FAILED", "ERROR", "ACTIVE", "CREATED"]);
});

test("filters by state, IN_PROGRESS standing for three, and by the message's fields", async () => {
  const { qstash, client, endpoint } = await setUp();
  await client.publish({ url: `${endpoint.url}/a`, label: "a" });
  await client.publish({ url: `${endpoint.url}/b`, label: "b" });
  await qstash.idle();
  const statesOf = async (filter: Parameters<typeof client.logs>[0]) =>
    (await client.logs(filter)).logs.map(({ state }) => state);
  expect(await statesOf({ filter: { state: "DELIVERED" } })).toHaveLength(2);
  expect(await statesOf({ filter: { state: "IN_PROGRESS" } })).toEqual(["ACTIVE", "ACTIVE"]);
  expect(await statesOf({ filter: { label: "a", state: "CREATED" } })).toHaveLength(1);
  expect(await statesOf({ filter: { path: "/b" } })).toHaveLength(3);
  expect(await statesOf({ filter: { fromDate: qstash.clock.now() + 1 } })).toEqual([]);
});

test("pages from the newest to the oldest without repeating or missing an entry", async () => {
  const { qstash, client, endpoint } = await setUp();
  for (let n = 0; n < 4; n += 1) await client.publish({ url: endpoint.url, delay: 60 });
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.logs({ count: 3, ...(cursor && { cursor }) });
    seen.push(...page.logs.map(({ messageId }) => messageId));
    cursor = page.cursor;
    await client.publish({ url: endpoint.url, delay: 60 });
  } while (cursor !== undefined);
  expect(seen).toEqual(qstash.pending().slice(0, 4).toReversed());
});

test("gives the same under the documented path", async () => {
  const { qstash, client, endpoint } = await setUp();
  await client.publish({ url: endpoint.url, delay: 60 });
  const { json } = await call(qstash, { path: "/v2/logs?state=CREATED" });
  expect(json).toMatchObject({ logs: [{ state: "CREATED" }] });
});

test("forgets entries after the plan's retention", async () => {
  const { qstash, client, endpoint } = await setUp();
  await client.publish({ url: endpoint.url });
  await qstash.clock.advance(3 * day);
  expect((await client.logs()).logs).toEqual([]);
});
