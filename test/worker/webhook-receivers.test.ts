/**
 * Real receivers that behave badly, against the built Worker: each becomes of it what Standard Webhooks and the design say,
 * all at once, and none of them is in the way of another or of a tick.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { Webhook } from "standardwebhooks";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { freePort } from "../../infra/local/redis/free-port.ts";
import { type Delivery, type Endpoint, startEndpoint } from "../local/qstash/endpoint.ts";
import { useStack } from "../support/stack.ts";
import { apiOf, headersOf } from "../support/worker-api.ts";

const stack = useStack();

const deliveryShown = z.looseObject({
  delivery_id: z.string(),
  status: z.string(),
  attempts: z.int(),
  next_attempt_at: z.string().optional(),
  results: z
    .array(
      z.looseObject({
        at: z.string(),
        status: z.int(),
        body: z.string().optional(),
        error: z.string().optional(),
      }),
    )
    .default([]),
});
type Shown = z.infer<typeof deliveryShown>;
const listed = z.looseObject({ deliveries: z.array(deliveryShown) });
const made = z.looseObject({ endpoint_id: z.string(), secret: z.string() });
const shownEndpoints = z.looseObject({
  webhooks: z.array(z.looseObject({ endpoint_id: z.string(), status: z.string() })),
});

async function rest<T>(shape: z.ZodType<T>, method: string, path: string, body?: object) {
  const response = await fetch(`${stack().baseUrl}${path}`, {
    method,
    headers: headersOf("admin"),
    ...(body && { body: JSON.stringify(body) }),
  });
  return shape.parse(await response.json());
}

/** An endpoint for the creation of tasks of one type, and a way to look at what became of its deliveries. */
async function register(url: string, agent_type: string) {
  const { endpoint_id, secret } = await rest(made, "POST", "/v1/webhooks", {
    url,
    types: ["task.created"],
    agent_types: [agent_type],
  });
  const deliveries = async (): Promise<Shown[]> =>
    (await rest(listed, "GET", `/v1/deliveries?endpoint_id=${endpoint_id}`)).deliveries;
  /** The newest delivery, once an attempt of it has ended. */
  const attempted = (attempts = 1): Promise<Shown> =>
    vi.waitFor(
      async () => {
        const [newest] = await deliveries();
        if (!newest || newest.results.length < attempts) throw new Error("not attempted yet");
        return newest;
      },
      { timeout: 30_000, interval: 100 },
    );
  return { endpoint_id, secret, deliveries, attempted };
}

/** Whether the official library takes it for genuine. */
function verify(secret: string, { headers, body }: Delivery): unknown {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return new Webhook(secret).verify(body, Object.fromEntries(texts));
}

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
  const { webhooks } = await rest(shownEndpoints, "GET", "/v1/webhooks");
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
  await rest(made, "POST", "/v1/webhooks", {
    url: quick.url,
    agent_types: ["hurried"],
    types: ["task.*"],
  });
  const api = apiOf(stack());
  for (let number = 0; number < 8; number++) await api.task("hurried");
  await quick.arrived(16);
  const start_at = new Date(Date.now() + 1_000).toISOString();
  await api.task("hurried", { options: { start_at } });
  // It becomes ready by a tick of QStash alone, and is told of.
  await quick.arrived(18);
  expect(slow.deliveries.length).toBeLessThanOrEqual(5);
  await vi.waitFor(
    async () => {
      const results = (await deliveries()).flatMap((delivery) => delivery.results);
      expect(results).toContainEqual(
        expect.objectContaining({ status: 0, error: "No answer within 15 s." }),
      );
    },
    { timeout: 30_000, interval: 200 },
  );
});
