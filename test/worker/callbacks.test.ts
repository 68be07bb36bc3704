/** What the built Worker takes for a callback of QStash, and what it does with the others. */
import { Client } from "@upstash/qstash";
import { beforeEach, describe, expect, test } from "vitest";
import { callback, type Forgery } from "../support/callback.ts";
import { useStack } from "../support/stack.ts";
import { apiOf, dumpOf } from "../support/worker-api.ts";
import { eventually } from "../support/eventually.ts";

const lines: Record<string, unknown>[] = [];
const stack = useStack({
  onLine: (line) => {
    if (line.startsWith("{")) lines.push(JSON.parse(line) as Record<string, unknown>);
  },
});

beforeEach(() => {
  lines.length = 0;
});

function honest(name = "tick", body: unknown = { project: "local", generation: 1 }): Forgery {
  const { qstash, baseUrl } = stack();
  return {
    key: qstash.signingKeys().current,
    url: `${baseUrl}/qstash/${name}`,
    body: JSON.stringify(body),
  };
}

function send(request: RequestInit, name = "tick"): Promise<Response> {
  return fetch(`${stack().baseUrl}/qstash/${name}`, request);
}

describe("a callback that is not QStash's is answered with 401, logged, and changes nothing", () => {
  const altered = (): RequestInit => ({ ...callback(honest()), body: '{"project":"local"}' });
  test.each<[string, string, () => RequestInit]>([
    ["forged", "forged", () => callback({ ...honest(), key: "sig_stranger" })],
    ["signed with another algorithm", "algorithm", () => callback({ ...honest(), alg: "HS512" })],
    ["sent to another route", "url", () => callback(honest("watchdog"))],
    [
      "expired",
      "expired",
      () => callback({ ...honest(), at: Math.floor(Date.now() / 1000) - 400 }),
    ],
    ["altered", "body", altered],
    ["unsigned", "unsigned", () => ({ method: "POST", body: honest().body })],
  ])("%s", async (_, reason, make) => {
    const api = apiOf(stack());
    await api.task("untouched");
    await api.claim("holder", { agent_type: "untouched", max_tasks: 10 }).catch(() => undefined);
    const before = await dumpOf(stack());
    const response = await send(make());
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ reason: "unauthorized" }),
    ]);
    expect(await dumpOf(stack())).toEqual(before);
    await eventually(() =>
      expect(lines).toContainEqual({
        event: "callback",
        callback: "tick",
        outcome: "refused",
        reason,
      }),
    );
  });
});

describe("what QStash signed is", () => {
  test("done, and answered with what came of it", async () => {
    const response = await send(callback(honest()));
    expect([response.status, await response.json()]).toEqual([
      200,
      { project: "local", swept: 0, removed: 0, overdue_ms: 0 },
    ]);
  });

  test("accepted with the next key too", async () => {
    const { next } = stack().qstash.signingKeys();
    expect((await send(callback({ ...honest(), key: next }))).status).toBe(200);
  });

  test.each<[string, unknown]>([
    ["malformed", { project: "local" }],
    ["malformed", "tick"],
    ["unknown_project", { project: "somebody", generation: 1 }],
  ])("refused for good where it can never work: %s", async (reason, body) => {
    const response = await send(callback(honest("tick", body)));
    expect([response.status, await response.json()]).toEqual([489, { reason }]);
    expect(response.headers.get("upstash-nonretryable-error")).toBe("true");
  });

  test("not served at an unknown route, nor with another method", async () => {
    expect((await send(callback(honest("tock")), "tock")).status).toBe(404);
    expect((await send({ method: "GET" })).status).toBe(405);
  });
});

test("a callback that QStash gave up is counted at /readyz, and its message is tried once", async () => {
  const { qstash, baseUrl } = stack();
  const { attempts } = qstash.stats;
  const client = new Client({ baseUrl: qstash.url, token: qstash.token });
  await client.publishJSON({
    url: `${baseUrl}/qstash/tick`,
    body: { project: "somebody", generation: 1 },
    failureCallback: `${baseUrl}/qstash/failed`,
  });
  await eventually(async () => {
    expect(await (await fetch(`${baseUrl}/readyz`)).json()).toMatchObject({
      health: { failed_callbacks: 1 },
    });
  });
  await qstash.idle();
  expect(qstash.stats.attempts - attempts).toBe(2);
  // What the Worker writes is read some time after its reply.
  await eventually(() =>
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "scheduler.failed", callback: "/qstash/tick", status: 489 }),
    ),
  );
});

/** Last: afterwards nothing that QStash signs is accepted any more. */
test("signing keys are rotated without a gap, until they are rotated a second time", async () => {
  const { qstash, baseUrl } = stack();
  const client = new Client({ baseUrl: qstash.url, token: qstash.token });
  const deliver = async (): Promise<unknown> => {
    const body = { project: "local", generation: 1 };
    const { messageId } = await client.publishJSON({
      url: `${baseUrl}/qstash/tick`,
      body,
      retries: 0,
    });
    await qstash.idle();
    const { events } = await client.logs({ filter: { messageId } });
    return events[0]?.state;
  };
  expect(await deliver()).toBe("DELIVERED");
  qstash.rotateKeys();
  expect(await deliver()).toBe("DELIVERED");
  qstash.rotateKeys();
  expect(await deliver()).toBe("FAILED");
  await eventually(() =>
    expect(lines).toContainEqual(expect.objectContaining({ reason: "forged" })),
  );
});
