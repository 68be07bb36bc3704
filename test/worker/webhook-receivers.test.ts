/**
 * Real receivers that behave badly, against the built Worker: each becomes of it what Standard Webhooks and the design say,
 * all at once, and none of them is in the way of another or of a tick.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { z } from "zod";
import { freePort } from "../../infra/local/redis/free-port.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type Endpoint, startEndpoint } from "../local/qstash/endpoint.ts";
import { callback } from "../support/callback.ts";
import { useStack } from "../support/stack.ts";
import {
  made,
  type Registered,
  registerWebhook,
  rest,
  shownEndpoints,
  verify,
} from "../support/webhook-registration.ts";
import { apiOf } from "../support/worker-api.ts";
import { eventually } from "../support/eventually.ts";

const lines: string[] = [];
const stack = useStack({ onLine: (line) => void lines.push(line) });

const register = (url: string, agent_type: string): Promise<Registered> =>
  registerWebhook(stack(), url, { agent_types: [agent_type] });

async function receiver(stops: (stop: () => Promise<void>) => void): Promise<Endpoint> {
  const endpoint = await startEndpoint();
  stops(() => endpoint.stop());
  return endpoint;
}

/** A receiver below HTTP: writes that as soon as anything arrives, and closes. */
async function blunt(text: string, stops: (stop: () => void) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.once("data", () => socket.end(text));
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stops(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/`;
}

// First, since it takes longest.
test.concurrent("a receiver that hangs is left after 15 s, and delays neither ticks nor other endpoints", async ({
  onTestFinished,
}) => {
  const slow = await receiver(onTestFinished);
  const quick = await receiver(onTestFinished);
  const release = Promise.withResolvers<void>();
  onTestFinished(() => release.resolve());
  slow.answer(async () => {
    await release.promise;
    return { status: 200 };
  });
  const { deliveries } = await register(slow.url, "hurried");
  await rest(stack(), made, [
    "POST",
    "/v1/webhooks",
    {
      url: quick.url,
      agent_types: ["hurried"],
      types: ["task.*"],
    },
  ]);
  const api = apiOf(stack());
  for (let number = 0; number < 8; number++) await api.task("hurried");
  await quick.arrived(16);
  const start_at = new Date(Date.now() + 1_000).toISOString();
  await api.task("hurried", { options: { start_at } });
  // It becomes ready by a tick of QStash alone, and is told of.
  await quick.arrived(18);
  expect(slow.deliveries.length).toBeLessThanOrEqual(LIMITS.webhook_parallelism);
  await eventually(async () => {
    const results = (await deliveries()).flatMap((delivery) => delivery.results);
    expect(results).toContainEqual(
      expect.objectContaining({ status: 0, error: "No answer within 15 s." }),
    );
  });
});

test.concurrent("500 is tried again, with a signature of its own and under the same webhook-id", async ({
  onTestFinished,
}) => {
  const endpoint = await receiver(onTestFinished);
  endpoint.answer({ status: 500, body: "x".repeat(3_000) });
  const { secret, attempted } = await register(endpoint.url, "sick");
  await apiOf(stack()).task("sick");
  const failed = await attempted();
  expect(failed.results[0]).toMatchObject({ status: 500, body: "x".repeat(1_024) });
  expect(failed).toMatchObject({ status: "waiting", attempts: 1 });
  endpoint.answer({ status: 200 });
  expect((await attempted(2)).status).toBe("delivered");
  const [first, second, ...more] = endpoint.deliveries;
  if (!first || !second) throw new Error("it was not tried again");
  expect(more).toEqual([]);
  expect(second.headers["webhook-id"]).toBe(first.headers["webhook-id"]);
  expect(first.headers["webhook-id"]).toBe(failed.delivery_id);
  expect(second.headers["webhook-signature"]).not.toBe(first.headers["webhook-signature"]);
  expect(verify(secret, second)).toEqual(verify(secret, first));
  expect(() => verify(secret, { ...second, body: second.body.replace("sick", "well") })).toThrow();
  const old = { "webhook-timestamp": String(Number(second.headers["webhook-timestamp"]) - 400) };
  expect(() => verify(secret, { ...second, headers: { ...second.headers, ...old } })).toThrow();
  expect(() => verify(`whsec_${"A".repeat(43)}=`, second)).toThrow();
});

test.concurrent("a receiver that is down at first gets the event once it is there", async ({
  onTestFinished,
}) => {
  const port = await freePort();
  const { secret, attempted } = await register(`http://127.0.0.1:${port}/late`, "early-bird");
  await apiOf(stack()).task("early-bird");
  expect((await attempted()).results[0]).toMatchObject({
    status: 0,
    error: "The connection could not be made, or broke off.",
  });
  const endpoint = await startEndpoint({ port });
  onTestFinished(() => endpoint.stop());
  expect((await attempted(2)).status).toBe("delivered");
  expect(endpoint.deliveries.map((delivery) => verify(secret, delivery))).toHaveLength(1);
});

test.concurrent("Retry-After of a 429 puts the next attempt off", async ({ onTestFinished }) => {
  const endpoint = await receiver(onTestFinished);
  endpoint.answer({ status: 429, headers: { "retry-after": "600" } });
  const { attempted } = await register(endpoint.url, "busy");
  await apiOf(stack()).task("busy");
  const { next_attempt_at = "", results } = await attempted();
  expect(Date.parse(next_attempt_at) - Date.parse(results[0]?.at ?? "")).toBeGreaterThanOrEqual(
    600_000,
  );
});

test.concurrent("410 disables the endpoint: nothing comes after it", async ({ onTestFinished }) => {
  const endpoint = await receiver(onTestFinished);
  endpoint.answer({ status: 410 });
  const { endpoint_id, attempted, deliveries } = await register(endpoint.url, "gone");
  const api = apiOf(stack());
  await api.task("gone");
  expect((await attempted()).status).toBe("dead");
  const { webhooks } = await rest(stack(), shownEndpoints, ["GET", "/v1/webhooks"]);
  expect(webhooks.find((one) => one.endpoint_id === endpoint_id)?.status).toBe("disabled");
  await api.task("gone");
  // Another endpoint that wants the same is told: by then this one would have been as well.
  const other = await receiver(onTestFinished);
  await register(other.url, "gone");
  await api.task("gone");
  await other.arrived(1);
  expect(await deliveries()).toHaveLength(1);
  expect(endpoint.deliveries).toHaveLength(1);
});

test.concurrent("a redirect is a failure, and nobody goes there", async ({ onTestFinished }) => {
  const endpoint = await receiver(onTestFinished);
  endpoint.answer({ status: 307, headers: { location: `${endpoint.url}/inside` } });
  const { attempted } = await register(`${endpoint.url}/hook`, "elsewhere");
  await apiOf(stack()).task("elsewhere");
  expect((await attempted()).results[0]?.status).toBe(307);
  expect(endpoint.deliveries.map(({ path }) => path)).toEqual(["/hook"]);
});

test.concurrent("a receiver that closes in the middle of its reply has taken the event, one that closes before it has not", async ({
  onTestFinished,
}) => {
  const half = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhalf of";
  const middle = await register(await blunt(half, onTestFinished), "halfway");
  const before = await register(await blunt("", onTestFinished), "speechless");
  const api = apiOf(stack());
  await Promise.all([api.task("halfway"), api.task("speechless")]);
  expect(await middle.attempted()).toMatchObject({
    status: "delivered",
    results: [{ status: 200 }],
  });
  expect(await before.attempted()).toMatchObject({ status: "waiting", results: [{ status: 0 }] });
});

const event = z.looseObject({ type: z.string(), data: z.record(z.string(), z.unknown()) });
const done = z.looseObject({});
const rotated = z.looseObject({ secret: z.string() });
const replayed = z.looseObject({ replayed: z.int() });

test.concurrent("a rotation loses nothing: what arrives verifies with the old secret and with the new one", async ({
  onTestFinished,
}) => {
  const endpoint = await receiver(onTestFinished);
  const { endpoint_id, secret: old } = await register(endpoint.url, "rotated");
  const path = `/v1/webhooks/${endpoint_id}/rotate`;
  const { secret } = await rest(stack(), rotated, ["POST", path, {}]);
  const task_id = await apiOf(stack()).task("rotated");
  await endpoint.arrived(1);
  const [delivery] = endpoint.deliveries;
  if (!delivery) throw new Error("nothing arrived");
  for (const valid of [old, secret]) {
    expect(verify(valid, delivery)).toMatchObject({ data: { task_id } });
  }
});

test.concurrent("paused, an endpoint gets nothing, and all of it once it goes on; a test event arrives whatever the filter", async ({
  onTestFinished,
}) => {
  const endpoint = await receiver(onTestFinished);
  const { endpoint_id, deliveries, secret } = await register(endpoint.url, "paused");
  const path = `/v1/webhooks/${endpoint_id}`;
  await rest(stack(), done, ["PATCH", path, { status: "paused" }]);
  const api = apiOf(stack());
  const created = [await api.task("paused"), await api.task("paused")];
  await eventually(async () => {
    const held = (await deliveries()).map(({ held_by }) => held_by);
    expect(held).toEqual(["paused", "paused"]);
  });
  expect(endpoint.deliveries).toEqual([]);
  await rest(stack(), done, ["PATCH", path, { status: "active" }]);
  await endpoint.arrived(2);
  await rest(stack(), done, ["POST", `${path}/test`, {}]);
  await endpoint.arrived(3);
  const seen = endpoint.deliveries.map((delivery) => event.parse(verify(secret, delivery)));
  expect(seen).toHaveLength(3);
  expect(new Set(seen.map(({ data }) => data["task_id"] ?? "test"))).toEqual(
    new Set([...created, "test"]),
  );
});

test.concurrent("an endpoint for one run hears of that run alone", async ({ onTestFinished }) => {
  const endpoint = await receiver(onTestFinished);
  const api = apiOf(stack());
  const first = await api.task("runner");
  const run_id = first.slice(0, first.indexOf("t"));
  await registerWebhook(stack(), endpoint.url, { run_ids: [run_id], agent_types: ["runner"] });
  await api.task("runner");
  const second = await api.task("runner", { run_id });
  await endpoint.arrived(1);
  expect(
    endpoint.deliveries.map(({ body }) => event.parse(JSON.parse(body)).data["task_id"]),
  ).toEqual([second]);
});

test.concurrent("what QStash gave up is dead, until it is replayed: alone, or with all that failed since some time", async ({
  onTestFinished,
}) => {
  const endpoint = await receiver(onTestFinished);
  endpoint.answer({ status: 503, headers: { "retry-after": "600" } });
  const since = new Date(Date.now() - 60_000).toISOString();
  const { endpoint_id, attempted, deliveries } = await register(endpoint.url, "abandoned");
  await apiOf(stack()).task("abandoned");
  const { delivery_id } = await attempted();
  const giveUp = async (turn: number): Promise<number> => {
    const { qstash, baseUrl } = stack();
    const url = `${baseUrl}/qstash/deliver`;
    const sourceBody = btoa(JSON.stringify({ project: "local", delivery_id, turn }));
    const body = JSON.stringify({ sourceMessageId: "msg_1", url, status: 500, sourceBody });
    const key = qstash.signingKeys().current;
    const sent = await fetch(
      `${baseUrl}/qstash/failed`,
      callback({ key, url: `${baseUrl}/qstash/failed`, body }),
    );
    return sent.status;
  };
  const status = async () => (await deliveries())[0]?.status;
  // Of an earlier attempt: that one ended otherwise.
  expect(await giveUp(1)).toBe(200);
  expect(await status()).toBe("waiting");
  expect(await giveUp(2)).toBe(200);
  expect(await status()).toBe("dead");
  endpoint.answer({ status: 200 });
  const replay = (body: object) => rest(stack(), replayed, ["POST", "/v1/deliveries/replay", body]);
  expect(await replay({ endpoint_id, since })).toEqual({ replayed: 1 });
  await endpoint.arrived(2);
  await eventually(async () => expect(await status()).toBe("delivered"));
  expect(await replay({ delivery_id })).toEqual({ replayed: 1 });
  await endpoint.arrived(3);
  expect(await replay({ endpoint_id, since })).toEqual({ replayed: 0 });
  expect(new Set(endpoint.deliveries.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});

test.concurrent("names in any script verify, huge answers are cut, and nothing written into a header gets there", async ({
  onTestFinished,
}) => {
  const endpoint = await receiver(onTestFinished);
  // Each character takes three bytes: one more than fits is left out.
  endpoint.answer({ status: 200, body: "あ".repeat(2_000_000) });
  const description = "x\r\nwebhook-signature: v1,forged";
  const url = `${endpoint.url}/a\r\nb?c=壊れた`;
  const { secret, attempted } = await registerWebhook(stack(), url, {
    description,
    agent_types: ["試験・\u{1F980}"],
  });
  const task_id = await apiOf(stack()).task("試験・\u{1F980}", {
    task_description: "壊れた\u2028",
  });
  const { results } = await attempted();
  expect(results[0]?.body).toBe("あ".repeat(341));
  const [delivery] = endpoint.deliveries;
  if (!delivery) throw new Error("nothing arrived");
  expect(verify(secret, delivery)).toMatchObject({
    data: { task_id, agent_type: "試験・\u{1F980}" },
  });
  expect(delivery.path).toBe("/ab?c=%E5%A3%8A%E3%82%8C%E3%81%9F");
  expect(JSON.stringify(delivery.headers)).not.toContain("forged");
});

test("no secret is in any list or in the Worker's log", async () => {
  const paths = ["/v1/webhooks", "/v1/deliveries?limit=200"];
  const lists = await Promise.all(paths.map((path) => rest(stack(), done, ["GET", path])));
  expect(JSON.stringify(lists)).not.toContain("whsec_");
  expect(lines.join("\n")).not.toContain("whsec_");
  expect(lines.length).toBeGreaterThan(10);
});
