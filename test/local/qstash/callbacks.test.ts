// Callbacks after attempts, and failure callbacks after the last.

import { expect, test } from "vitest";
import type { Endpoint } from "./endpoint.ts";
import { hour, second, setUp } from "./set-up.ts";

function bodiesAt(endpoint: Endpoint, path: string): Record<string, unknown>[] {
  return endpoint.deliveries
    .filter((delivery) => delivery.path === path)
    .map(({ body }): Record<string, unknown> => JSON.parse(body));
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

test("tells the callback the answer and the source, signed, as a message of its own", async () => {
  const { qstash, client, endpoint, verify } = await setUp();
  endpoint.answer(({ path }) =>
    path === "/work"
      ? { status: 201, headers: { "X-Answer": "yes" }, body: "döne" }
      : { status: 200 },
  );
  const callback = `${endpoint.url}/callback?for=work`;
  const { messageId } = await client.publish({
    url: `${endpoint.url}/work`,
    body: "input",
    headers: { "X-Custom": "kept" },
    callback,
  });
  await qstash.idle();
  const now = String(qstash.clock.now());
  expect(bodiesAt(endpoint, "/callback?for=work")).toMatchObject([
    {
      status: 201,
      header: { "X-Answer": ["yes"] },
      body: base64("döne"),
      retried: 0,
      maxRetries: 3,
      sourceMessageId: messageId,
      url: `${endpoint.url}/work`,
      method: "POST",
      sourceHeader: { "X-Custom": ["kept"] },
      sourceBody: base64("input"),
      notBefore: now,
      createdAt: now,
      callerIP: "127.0.0.1",
    },
  ]);
  const delivery = endpoint.deliveries[1];
  expect(delivery?.headers["upstash-message-id"]).not.toBe(messageId);
  expect(delivery?.headers["content-type"]).toBe("application/json");
  await verify(delivery, callback);
  expect(qstash.stats).toMatchObject({ published: 1, callbacks: 1, billed: 2 });
});

test("calls the callback after every attempt, the last with retried equal to maxRetries", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ path }) => ({ status: path === "/work" ? 503 : 200 }));
  await client.publish({
    url: `${endpoint.url}/work`,
    callback: `${endpoint.url}/callback`,
    retries: 2,
    retryDelay: "1000",
  });
  await qstash.clock.advance(hour);
  expect(
    bodiesAt(endpoint, "/callback").map(({ retried, maxRetries }) => [retried, maxRetries]),
  ).toEqual([
    [0, 2],
    [1, 2],
    [2, 2],
  ]);
});

test("calls the failure callback once, after the last attempt, with the dead letter's id", async () => {
  const { qstash, client, endpoint, verify } = await setUp();
  endpoint.answer(({ path }) => (path === "/work" ? { status: 500, body: "no" } : { status: 200 }));
  const { messageId } = await client.publish({
    url: `${endpoint.url}/work`,
    failureCallback: `${endpoint.url}/failure`,
    retries: 1,
    retryDelay: "1000",
  });
  await qstash.idle();
  expect(bodiesAt(endpoint, "/failure")).toEqual([]);
  await qstash.clock.advance(second);
  const { messages } = await client.dlq.listMessages();
  expect(bodiesAt(endpoint, "/failure")).toMatchObject([
    {
      status: 500,
      retried: 1,
      maxRetries: 1,
      sourceMessageId: messageId,
      dlqId: messages[0]?.dlqId,
    },
  ]);
  await verify(endpoint.deliveries.at(-1), `${endpoint.url}/failure`);
});

test("does not call the failure callback when a retry succeeds", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ headers }) => ({ status: headers["upstash-retried"] === "0" ? 500 : 200 }));
  await client.publish({ url: `${endpoint.url}/work`, failureCallback: `${endpoint.url}/failure` });
  await qstash.clock.advance(hour);
  expect(endpoint.deliveries.map(({ path }) => path)).toEqual(["/work", "/work"]);
});

test("calls both after 489 with Upstash-NonRetryable-Error", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ path }) =>
    path === "/work"
      ? { status: 489, headers: { "Upstash-NonRetryable-Error": "true" } }
      : { status: 200 },
  );
  await client.publish({
    url: `${endpoint.url}/work`,
    callback: `${endpoint.url}/callback`,
    failureCallback: `${endpoint.url}/failure`,
  });
  await qstash.idle();
  expect(endpoint.deliveries.map(({ path }) => path).toSorted()).toEqual([
    "/callback",
    "/failure",
    "/work",
  ]);
});

test("retries a callback as often as the original message by default, then makes it a dead letter", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ path }) => ({ status: path === "/work" ? 200 : 500 }));
  await client.publish({
    url: `${endpoint.url}/work`,
    callback: `${endpoint.url}/callback`,
    retries: 1,
  });
  await qstash.clock.advance(hour);
  expect(bodiesAt(endpoint, "/callback")).toHaveLength(2);
  expect((await client.dlq.listMessages()).messages).toMatchObject([
    { url: `${endpoint.url}/callback` },
  ]);
});

test("sets a callback up by its own headers", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ path }) => ({ status: path === "/work" ? 200 : 500 }));
  await client.publish({
    url: `${endpoint.url}/work`,
    callback: `${endpoint.url}/callback`,
    headers: {
      "Upstash-Callback-Method": "PUT",
      "Upstash-Callback-Retries": "2",
      "Upstash-Callback-Retry-Delay": "5000",
      "Upstash-Callback-Forward-X-Custom": "for the callback",
    },
  });
  await qstash.clock.advance(10 * second);
  const callbacks = endpoint.deliveries.filter(({ path }) => path === "/callback");
  expect(callbacks).toHaveLength(3);
  expect(callbacks[0]).toMatchObject({
    method: "PUT",
    headers: { "x-custom": "for the callback" },
  });
  expect(endpoint.deliveries[0]?.headers["x-custom"]).toBeUndefined();
});

test.each([
  ["in one piece", "0123456789abc"],
  ["in many pieces", "0123456789".repeat(100_000)],
])("cuts an answer that exceeds the plan's message size, coming %s", async (_, body) => {
  const { qstash, client, endpoint } = await setUp({ plan: { maxMessageBytes: 10 } });
  endpoint.answer(({ path }) => ({ status: 200, body: path === "/work" ? body : "" }));
  await client.publish({ url: `${endpoint.url}/work`, callback: `${endpoint.url}/callback` });
  await qstash.idle();
  expect(bodiesAt(endpoint, "/callback")).toMatchObject([{ body: base64("0123456789") }]);
});
