/** The checker of webhooks finds what it is there for: each test tells it of one broken promise. */
import { expect, test } from "vitest";
import type { Dump } from "../support/dump.ts";
import { checkWebhookHistory, type Received } from "../support/history/webhooks.ts";

const URL = "https://hooks.example.com/";
const ENDPOINT = {
  endpoint_id: "w1",
  url: URL,
  status: "active",
  since: "5-0",
  created_at: 5,
  types: ["task.*"],
  secrets: [{ secret: "whsec_" }],
};
const DELIVERY = {
  delivery_id: "evt_10_0_0_w1",
  endpoint_id: "w1",
  type: "task.ready",
  event_at: 10,
  data: '{"task_id":"r1t1"}',
  status: "delivered",
  attempts: 1,
  turn: 1,
  created_at: 11,
};
const ARRIVED: Received = {
  url: URL,
  id: "evt_10_0_0_w1",
  body: '{"type":"task.ready","timestamp":"1970-01-01T00:00:00.010Z","data":{"task_id":"r1t1"}}',
  at: 12,
  genuine: true,
  answered: 204,
};

/** What the checker says of one event, its delivery and what arrived. */
function check({
  endpoint = {},
  delivery = {},
  received = [ARRIVED],
  sets = {},
}: {
  endpoint?: object;
  delivery?: object | null;
  received?: readonly Received[];
  sets?: Dump["sets"];
} = {}): string[] {
  const record = delivery && { ...DELIVERY, ...delivery };
  const dump: Dump = {
    hashes: {
      webhooks: { "endpoint:w1": JSON.stringify({ ...ENDPOINT, ...endpoint }) },
      deliveries: record ? { [record.delivery_id]: JSON.stringify(record) } : {},
    },
    sets,
    streams: { events: [["10-0", ["facts", '[{"type":"task.ready","task_id":"r1t1"}]']]] },
    strings: {},
  };
  return checkWebhookHistory(dump, received).map(({ kind, text }) => `${kind}: ${text}`);
}

test("an event that was delivered once, and one that was taken twice, are as they should be", () => {
  expect(check()).toEqual([]);
  expect(check({ received: [{ ...ARRIVED, answered: 500 }, ARRIVED, ARRIVED] })).toEqual([]);
  expect(check({ endpoint: { since: "10-0" }, delivery: null, received: [] })).toEqual([]);
});

test("an event that an endpoint never hears of is lost", () => {
  expect(check({ delivery: null, received: [] })).toEqual([
    "lost: w1 never hears of task.ready, evt_10_0_0",
  ]);
});

test.each([
  ["does not verify", { genuine: false }, /does not verify/],
  ["went elsewhere", { url: "https://other.example.com/" }, /for which it was not made/],
  ["has another id", { id: "evt_11_0_0_w1" }, /for which it was not made/],
  ["tells another story", { body: ARRIVED.body.replace("r1t1", "r1t2") }, /r1t2/],
])("what arrives and %s is found", (_, more, text) => {
  expect(check({ received: [ARRIVED, { ...ARRIVED, ...more }] })).toEqual([
    expect.stringMatching(text),
  ]);
});

test("delivered and nobody took it, dead for no reason, waiting for ever: all of it is found", () => {
  expect(check({ received: [{ ...ARRIVED, answered: 500 }] })[0]).toMatch(/nobody took it/);
  expect(check({ delivery: { status: "dead" } })[0]).toMatch(/dead without an attempt/);
  const waiting = { status: "waiting", due_at: 20 };
  expect(check({ delivery: waiting })[0]).toMatch(/waits for ever/);
  const sets = { outbox: [["evt_10_0_0_w1", 20]] } as const;
  expect(check({ delivery: waiting, sets })).toContain("lost: evt_10_0_0_w1 is left in outbox");
});

test("what an endpoint did not want and is told of is found", () => {
  expect(check({ endpoint: { types: ["run.*"] } })).toEqual([
    "untrue: w1 is told of task.ready, evt_10_0_0",
  ]);
});
