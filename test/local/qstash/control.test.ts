// What another process may do through POST /__control.

import { expect, test } from "vitest";
import { call, hour, minute, setUp, type Stack } from "./set-up.ts";

async function control({ qstash }: Stack, body: object): Promise<unknown> {
  const reply = await call(qstash, {
    method: "POST",
    path: "/__control",
    body: JSON.stringify(body),
  });
  if (reply.status !== 200) throw new Error(JSON.stringify(reply));
  return reply.json;
}

test("advances the clock and answers when the deliveries are through", async () => {
  const stack = await setUp();
  await stack.client.publish({ url: stack.endpoint.url, delay: 60 });
  const now = stack.qstash.clock.now();
  expect(await control(stack, { action: "now" })).toEqual({ now });
  expect(await control(stack, { action: "advance", ms: minute })).toEqual({ now: now + minute });
  expect(stack.endpoint.deliveries).toHaveLength(1);
});

test("gives the counts", async () => {
  const stack = await setUp();
  await stack.client.publish({ url: stack.endpoint.url });
  await control(stack, { action: "idle" });
  expect(await control(stack, { action: "stats" })).toMatchObject({
    published: 1,
    delivered: 1,
    billed: 1,
  });
});

test("drains: moves to each pending delivery, not beyond the horizon", async () => {
  const stack = await setUp();
  stack.endpoint.answer(({ path }) => ({ status: path === "/failing" ? 500 : 200 }));
  await stack.client.publish({ url: `${stack.endpoint.url}/failing` });
  await stack.client.publish({ url: stack.endpoint.url, delay: "2d" });
  expect(await control(stack, { action: "drain" })).toEqual({ advancedMs: 1_968_000, pending: 1 });
  expect(stack.endpoint.deliveries).toHaveLength(4);
  expect(await control(stack, { action: "drain", horizon_ms: 48 * hour })).toMatchObject({
    pending: 0,
  });
});

test("switches faults on and off, and rolls the keys", async () => {
  const stack = await setUp();
  const fault = { kind: "lose-delivery", times: "always", match: "/a", chance: 1 };
  expect(await control(stack, { action: "add_fault", fault })).toEqual({ faults: [fault] });
  expect(await control(stack, { action: "list_faults" })).toEqual({ faults: [fault] });
  expect(await control(stack, { action: "clear_faults" })).toEqual({ faults: [] });
  expect(await control(stack, { action: "rotate_keys" })).toEqual(stack.qstash.signingKeys());
});

test.each([
  { kind: "deliver-twice" },
  { kind: "deliver-late", ms: 5 },
  { kind: "reorder", size: 3, withinMs: 10 },
  { kind: "lose-delivery" },
  { kind: "crash-before-ack" },
  { kind: "host-block", afterTimeouts: 2, blockMs: 10 },
  { kind: "refuse-publish", status: 412, times: 3 },
  { kind: "lose-publish" },
  { kind: "lose-publish-reply" },
])("reads the fault $kind", async (fault) => {
  expect(await control(await setUp(), { action: "add_fault", fault })).toEqual({ faults: [fault] });
});

test.each([
  { action: "explode" },
  { action: "advance" },
  { action: "advance", ms: -1 },
  { action: "add_fault" },
  { action: "add_fault", fault: { kind: "gremlins" } },
  { action: "add_fault", fault: { kind: "deliver-late" } },
  { action: "add_fault", fault: { kind: "refuse-publish", status: 200 } },
  { action: "add_fault", fault: { kind: "lose-delivery", match: 5 } },
  ["not an object"],
])("refuses %j with 400", async (body) => {
  const { qstash } = await setUp();
  const reply = await call(qstash, {
    method: "POST",
    path: "/__control",
    body: JSON.stringify(body),
  });
  expect(reply.status).toBe(400);
});

test("asks for the token like every other route", async () => {
  const { qstash } = await setUp();
  const response = await fetch(`${qstash.url}/__control`, {
    method: "POST",
    body: '{"action":"now"}',
  });
  expect(response.status).toBe(401);
});
