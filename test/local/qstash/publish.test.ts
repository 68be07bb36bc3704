// Publishing through the SDK: what arrives, where, when, and what is refused.

import { expect, test } from "vitest";
import { call, day, hour, minute, second, setUp } from "./set-up.ts";

test("delivers a JSON body unchanged with the documented headers", async () => {
  const { qstash, client, endpoint } = await setUp();
  const { messageId } = await client.publishJSON({
    url: `${endpoint.url}/work`,
    body: { hello: "wörld", list: [1, 2] },
    headers: { "X-Custom": "kept" },
  });
  await qstash.idle();
  const [delivery] = endpoint.deliveries;
  expect(delivery).toMatchObject({
    method: "POST",
    path: "/work",
    body: '{"hello":"wörld","list":[1,2]}',
    headers: {
      "user-agent": "Upstash-QStash",
      "content-type": "application/json",
      "x-custom": "kept",
      "upstash-message-id": messageId,
      "upstash-retried": "0",
      "upstash-caller-ip": "127.0.0.1",
      "upstash-region": "EU-CENTRAL-1",
    },
  });
  expect(delivery?.rawHeaders).toContain("Upstash-Message-Id");
  expect(delivery?.headers["upstash-schedule-id"]).toBeUndefined();
  expect(messageId).toMatch(/^msg_\w{20,}$/);
});

test("keeps the destination exactly, with its query string and doubled slashes", async () => {
  const { qstash, client, endpoint, verify } = await setUp();
  const url = `${endpoint.url}/a//b?x=1&y=%2F&z=https://other.test//c?d=e`;
  const published = await client.publish({ url, body: "text" });
  await qstash.idle();
  expect(published).toMatchObject({ url });
  expect(endpoint.deliveries[0]?.path).toBe("/a//b?x=1&y=%2F&z=https://other.test//c?d=e");
  await expect(verify(endpoint.deliveries[0], url)).resolves.toBe(true);
});

test.each(["GET", "PUT", "PATCH", "DELETE"] as const)("delivers with method %s", async (method) => {
  const { qstash, client, endpoint } = await setUp();
  await client.publish({ url: endpoint.url, method });
  await qstash.idle();
  expect(endpoint.deliveries[0]?.method).toBe(method);
});

test("delivers bytes that are not UTF-8 unchanged and shows them as base64", async () => {
  const { qstash, client, endpoint } = await setUp();
  const bytes = Uint8Array.from([0xff, 0x00, 0xfe]);
  const { messageId } = await client.publish({
    url: endpoint.url,
    body: new Blob([bytes]),
    delay: 10,
  });
  expect(await client.messages.get(messageId)).toMatchObject({ bodyBase64: "/wD+" });
  await qstash.clock.advance(10 * second);
  expect(endpoint.deliveries[0]?.headers["content-length"]).toBe("3");
});

test("does not let a forwarded header replace a header of the service", async () => {
  const { qstash, client, endpoint } = await setUp();
  const { messageId } = await client.publish({
    url: endpoint.url,
    headers: {
      "Upstash-Forward-Upstash-Message-Id": "forged",
      "Upstash-Forward-User-Agent": "forged",
      "Upstash-Forward-Host": "forged.test",
    },
  });
  await qstash.idle();
  expect(endpoint.deliveries[0]?.headers).toMatchObject({
    "upstash-message-id": messageId,
    "user-agent": "Upstash-QStash",
    host: new URL(endpoint.url).host,
  });
});

test("waits for a delay given in seconds or as a duration", async () => {
  const { qstash, client, endpoint } = await setUp();
  await client.publish({ url: `${endpoint.url}/seconds`, delay: 50 });
  await client.publish({ url: `${endpoint.url}/duration`, delay: "1d" });
  await qstash.clock.advance(50 * second - 1);
  expect(endpoint.deliveries).toHaveLength(0);
  await qstash.clock.advance(1);
  expect(endpoint.deliveries.map(({ path }) => path)).toEqual(["/seconds"]);
  await qstash.clock.advance(day - 50 * second);
  expect(endpoint.deliveries.map(({ path }) => path)).toEqual(["/seconds", "/duration"]);
});

test("reads a delay of several units", async () => {
  const { qstash, endpoint } = await setUp();
  await call(qstash, {
    method: "POST",
    path: `/v2/publish/${endpoint.url}`,
    headers: { "Upstash-Delay": "1d10h30m" },
  });
  await qstash.clock.advance(34.5 * hour - 1);
  expect(endpoint.deliveries).toHaveLength(0);
  await qstash.clock.advance(1);
  expect(endpoint.deliveries).toHaveLength(1);
});

test("lets not-before win over the delay", async () => {
  const { qstash, client, endpoint } = await setUp();
  const start = Math.ceil(qstash.clock.now() / second);
  await client.publish({ url: endpoint.url, notBefore: start + 60, delay: 5 });
  await qstash.clock.advance(59 * second);
  expect(endpoint.deliveries).toHaveLength(0);
  await qstash.clock.advance(2 * second);
  expect(endpoint.deliveries).toHaveLength(1);
});

test("delivers in the order of due times, whatever the order of publishing", async () => {
  const { qstash, client, endpoint } = await setUp();
  for (const delay of [30, 10, 20])
    await client.publish({ url: `${endpoint.url}/${delay}`, delay });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries.map(({ path }) => path)).toEqual(["/10", "/20", "/30"]);
});

test("accepts a batch with one entry per item and an error for the item that is wrong", async () => {
  const { qstash, client, endpoint } = await setUp();
  const results = await client.batchJSON([
    { url: `${endpoint.url}/1`, body: { n: 1 } },
    { url: "ftp://nowhere.test", body: {} },
    { url: `${endpoint.url}/2`, body: { n: 2 }, delay: 5, queueName: "line" },
  ]);
  expect(results).toMatchObject([
    { messageId: expect.stringMatching(/^msg_/) },
    { error: expect.stringContaining("invalid destination url") },
    { messageId: expect.stringMatching(/^msg_/) },
  ]);
  await qstash.clock.advance(5 * second);
  expect(endpoint.deliveries.map(({ path, body }) => [path, body])).toEqual([
    ["/1", '{"n":1}'],
    ["/2", '{"n":2}'],
  ]);
});

test("shows a pending message with its settings and forgets it once delivered", async () => {
  const { qstash, client, endpoint } = await setUp();
  const { messageId } = await client.publishJSON({
    url: endpoint.url,
    body: { a: 1 },
    delay: 60,
    retries: 5,
    retryDelay: "1000 * (1 + retried)",
    callback: "https://callback.test",
    failureCallback: "https://failure.test",
    label: ["one", "two"],
    flowControl: { key: "k", rate: 3, parallelism: 2, period: "1m" },
    headers: { "X-Custom": "kept" },
  });
  const now = qstash.clock.now();
  expect(await client.messages.get(messageId)).toMatchObject({
    messageId,
    url: endpoint.url,
    method: "POST",
    header: { "Content-Type": ["application/json"], "X-Custom": ["kept"] },
    body: '{"a":1}',
    maxRetries: 5,
    retryDelayExpression: "1000 * (1 + retried)",
    notBefore: now + minute,
    createdAt: now,
    callback: "https://callback.test",
    failureCallback: "https://failure.test",
    callerIP: "127.0.0.1",
    flowControlKey: "k",
    rate: 3,
    parallelism: 2,
    period: 60,
    label: "one",
    labels: ["one", "two"],
  });
  await qstash.clock.advance(minute);
  await expect(client.messages.get(messageId)).rejects.toMatchObject({ status: 404 });
});

test("refuses a missing or wrong token with 401 and takes the token from the query too", async () => {
  const { qstash, endpoint } = await setUp();
  const path = `/v2/publish/${endpoint.url}/x?a=1`;
  const wrong = await call(qstash, {
    method: "POST",
    path,
    headers: { authorization: "Bearer no" },
  });
  expect(wrong).toMatchObject({ status: 401, json: { error: expect.any(String) } });
  const token = encodeURIComponent(qstash.token);
  const response = await fetch(`${qstash.url}${path}&qstash_token=${token}`, { method: "POST" });
  expect(response.status).toBe(200);
  await qstash.idle();
  expect(endpoint.deliveries.map((delivery) => delivery.path)).toEqual(["/x?a=1"]);
});

test.each([
  ["a destination without http or https", { path: "/v2/publish/example.test/x" }, 400],
  ["an unknown URL group", { path: "/v2/publish/nobody" }, 404],
  ["an unknown method", { headers: { "Upstash-Method": "BREW" } }, 400],
  ["an unreadable delay", { headers: { "Upstash-Delay": "soon" } }, 400],
  ["an unreadable not-before", { headers: { "Upstash-Not-Before": "soon" } }, 400],
  ["negative retries", { headers: { "Upstash-Retries": "-1" } }, 400],
  ["an unreadable retry delay", { headers: { "Upstash-Retry-Delay": "eval(1)" } }, 400],
  ["an unreadable time-out", { headers: { "Upstash-Timeout": "5 parsecs" } }, 400],
  ["a callback that is no URL", { headers: { "Upstash-Callback": "here" } }, 400],
  ["a flow-control key without limits", { headers: { "Upstash-Flow-Control-Key": "k" } }, 400],
  ["an unknown field to redact", { headers: { "Upstash-Redact-Fields": "soul" } }, 400],
  [
    "a delayed callback",
    { headers: { "Upstash-Callback": "https://c.test", "Upstash-Callback-Delay": "1m" } },
    400,
  ],
])("refuses %s and accepts nothing", async (_, request, status) => {
  const { qstash } = await setUp();
  const path = "/v2/publish/https://example.test/";
  const reply = await call(qstash, { method: "POST", path, ...request });
  expect(reply).toMatchObject({ status, json: { error: expect.any(String) } });
  expect(qstash.stats.published).toBe(0);
});

test("answers 404 with an error for a path it does not know", async () => {
  const { qstash } = await setUp();
  const reply = await call(qstash, { path: "/v2/nothing" });
  expect(reply).toMatchObject({ status: 404, json: { error: expect.any(String) } });
});

test("answers a publish with 201 where the option says so", async () => {
  const { qstash, endpoint } = await setUp({ publishStatus: 201 });
  const reply = await call(qstash, { method: "POST", path: `/v2/publish/${endpoint.url}` });
  expect(reply.status).toBe(201);
});
