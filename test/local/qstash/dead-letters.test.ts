// Dead letters: listed, filtered, retried, deleted, forgotten after their retention.

import { expect, test } from "vitest";
import { call, day, second, setUp, type Stack } from "./set-up.ts";

type Change = {
  url?: string;
  body?: string;
  label?: string | string[];
  headers?: Record<string, string>;
  retries?: number;
  retryDelay?: string;
  delay?: number;
  deduplicationId?: string;
  flowControl?: { key: string; parallelism: number };
};

async function fail({ qstash, client, endpoint }: Stack, change: Change = {}): Promise<string> {
  endpoint.answer({ status: 500, headers: { "X-Why": "test" }, body: "broken" });
  const request = { url: `${endpoint.url}/work`, retries: 0, ...change };
  const { messageId } = await client.publish(request);
  await qstash.idle();
  return messageId;
}

test("shows a dead letter with its message and the last answer", async () => {
  const stack = await setUp();
  const messageId = await fail(stack, { body: "input", label: "one" });
  const { messages, cursor } = await stack.client.dlq.listMessages();
  expect(cursor).toBeUndefined();
  expect(messages).toMatchObject([
    {
      dlqId: `${stack.qstash.clock.now()}-0`,
      messageId,
      url: `${stack.endpoint.url}/work`,
      body: "input",
      labels: ["one"],
      responseStatus: 500,
      responseHeader: { "X-Why": ["test"] },
      responseBody: "broken",
    },
  ]);
  const one = await call(stack.qstash, { path: `/v2/dlq/${messages[0]?.dlqId}` });
  expect(one.json).toMatchObject({ messageId });
});

test("gives dead letters of the same millisecond ids of their own", async () => {
  const stack = await setUp();
  await fail(stack);
  await fail(stack);
  const { messages } = await stack.client.dlq.listMessages();
  const now = stack.qstash.clock.now();
  expect(messages.map(({ dlqId }) => dlqId)).toEqual([`${now}-1`, `${now}-0`]);
});

test("pages through dead letters, each exactly once, while new ones arrive", async () => {
  const stack = await setUp();
  const expected: string[] = [];
  for (let index = 0; index < 5; index += 1) expected.push(await fail(stack));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await stack.client.dlq.listMessages({ count: 2, ...(cursor && { cursor }) });
    seen.push(...page.messages.map(({ messageId }) => messageId));
    cursor = page.cursor;
    await fail(stack, { label: "later" });
  } while (cursor !== undefined);
  expect(seen).toEqual(expected.toReversed());
});

test("filters by any value of a field and by all fields together", async () => {
  const stack = await setUp();
  const { client, qstash, endpoint } = stack;
  const a = await fail(stack, { label: "a" });
  const b = await fail(stack, {
    label: ["b", "shared"],
    flowControl: { key: "k", parallelism: 1 },
  });
  await qstash.clock.advance(10 * second);
  const c = await fail(stack, { url: `${endpoint.url}/other`, label: "shared" });
  const find = async (
    filter: NonNullable<Parameters<typeof client.dlq.listMessages>[0]>["filter"],
  ) =>
    (await client.dlq.listMessages({ filter: filter ?? {} })).messages.map(
      ({ messageId }) => messageId,
    );
  expect(await find({ label: ["a", "b"] })).toEqual([b, a]);
  expect(await find({ label: "shared" })).toEqual([c, b]);
  expect(await find({ label: "shared", url: `${endpoint.url}/work` })).toEqual([b]);
  expect(await find({ messageId: a })).toEqual([a]);
  expect(await find({ flowControlKey: "k" })).toEqual([b]);
  expect(await find({ responseStatus: [404, 500] })).toEqual([c, b, a]);
  expect(await find({ responseStatus: 404 })).toEqual([]);
  expect(await find({ fromDate: qstash.clock.now() })).toEqual([c]);
  expect(await find({ toDate: qstash.clock.now() - 1 })).toEqual([b, a]);
  expect(await find({ callerIp: "203.0.113.9" })).toEqual([]);
  const { messages } = await client.dlq.listMessages();
  const middle = messages[1]?.dlqId ?? "";
  expect((await client.dlq.listMessages({ dlqIds: [middle] })).messages).toMatchObject([
    { messageId: b },
  ]);
});

test("refuses the host filter, which dead letters do not have", async () => {
  const { qstash } = await setUp();
  expect((await call(qstash, { path: "/v2/dlq?host=a.test" })).status).toBe(400);
});

test("retries a dead letter as a new message with the same settings and takes it off the list", async () => {
  const stack = await setUp();
  const { qstash, client, endpoint } = stack;
  const old = await fail(stack, {
    body: "input",
    headers: { "X-Custom": "kept" },
    retries: 1,
    retryDelay: "1000",
    delay: 60,
    deduplicationId: "once",
  });
  await qstash.clock.advance(61 * second);
  const [letter] = (await client.dlq.listMessages()).messages;
  endpoint.answer({ status: 200 });
  const { responses } = await client.dlq.retry(letter?.dlqId ?? "");
  await qstash.idle();
  expect(responses).toHaveLength(1);
  expect(responses[0]?.messageId).not.toBe(old);
  expect(endpoint.deliveries.at(-1)).toMatchObject({
    body: "input",
    headers: {
      "x-custom": "kept",
      "upstash-retried": "0",
      "upstash-message-id": responses[0]?.messageId,
    },
  });
  expect((await client.dlq.listMessages()).messages).toEqual([]);
  expect(qstash.stats.delivered).toBe(1);
});

test("retries with other settings when the request brings them", async () => {
  const stack = await setUp();
  const { qstash, client, endpoint } = stack;
  await fail(stack, { retries: 0 });
  const [letter] = (await client.dlq.listMessages()).messages;
  const reply = await call(qstash, {
    method: "POST",
    path: `/v2/dlq/retry/${letter?.dlqId}`,
    headers: { "Upstash-Retries": "1", "Upstash-Retry-Delay": "1000" },
  });
  expect(reply).toMatchObject({ status: 201, json: { messageId: expect.stringMatching(/^msg_/) } });
  await qstash.clock.advance(second);
  expect(endpoint.deliveries).toHaveLength(3);
});

test("retries and deletes by filter and all at once", async () => {
  const stack = await setUp();
  const { qstash, client } = stack;
  await fail(stack, { label: "a" });
  await fail(stack, { label: "b" });
  await fail(stack, { label: "c" });
  expect(await client.dlq.delete({ filter: { label: "a" } })).toMatchObject({ deleted: 1 });
  expect((await client.dlq.retry({ filter: { label: "b" } })).responses).toHaveLength(1);
  await qstash.idle();
  expect((await client.dlq.listMessages()).messages).toHaveLength(2);
  const { messages } = await client.dlq.listMessages();
  expect(await client.dlq.delete(messages.slice(0, 1).map(({ dlqId }) => dlqId))).toMatchObject({
    deleted: 1,
  });
  expect((await client.dlq.retry({ all: true })).responses).toHaveLength(1);
  await qstash.idle();
  expect(await client.dlq.delete({ all: true })).toMatchObject({ deleted: 1 });
});

test("deletes one dead letter and answers 404 the second time", async () => {
  const stack = await setUp();
  await fail(stack);
  const [letter] = (await stack.client.dlq.listMessages()).messages;
  expect(await stack.client.dlq.delete(letter?.dlqId ?? "")).toEqual({ deleted: 1 });
  await expect(stack.client.dlq.delete(letter?.dlqId ?? "")).rejects.toMatchObject({ status: 404 });
  await expect(stack.client.dlq.retry(letter?.dlqId ?? "")).rejects.toMatchObject({ status: 404 });
});

test("forgets dead letters after the plan's retention", async () => {
  const stack = await setUp();
  await fail(stack);
  await stack.qstash.clock.advance(3 * day - 1);
  expect((await stack.client.dlq.listMessages()).messages).toHaveLength(1);
  await stack.qstash.clock.advance(1);
  expect((await stack.client.dlq.listMessages()).messages).toEqual([]);
  expect(stack.qstash.deadLetters()).toEqual([]);
});
