/** Registering, changing and deleting endpoints. */
import { expect, test } from "vitest";
import { LIMITS } from "../../../src/domain/limits.ts";
import { readInput } from "../../../src/operations/input.ts";
import { createWebhook } from "../../../src/operations/webhooks/create-webhook.ts";
import { deleteWebhook } from "../../../src/operations/webhooks/delete-webhook.ts";
import { listDeliveries } from "../../../src/operations/webhooks/list-deliveries.ts";
import { listWebhooks } from "../../../src/operations/webhooks/list-webhooks.ts";
import { replayDeliveries } from "../../../src/operations/webhooks/replay-deliveries.ts";
import { rotateWebhookSecret } from "../../../src/operations/webhooks/rotate-webhook-secret.ts";
import { testWebhook } from "../../../src/operations/webhooks/test-webhook.ts";
import { updateWebhook } from "../../../src/operations/webhooks/update-webhook.ts";
import { lifeOfKey } from "../../support/life-of-key.ts";
import { type Project, useProjects } from "../../support/project.ts";
import { type Bench, verified, webhookBench } from "../../support/webhook-bench.ts";

const makeProject = useProjects();

async function setUp(): Promise<{ project: Project; bench: Bench; admin: object }> {
  const project = makeProject();
  const bench = await webhookBench(project);
  return { project, bench, admin: { as: { role: "admin" }, webhooks: bench.webhooks } };
}

test("a secret is shown once, and in no list", async () => {
  const { project, bench, admin } = await setUp();
  const { endpoint_id, secret } = await bench.register({ description: "for the CI" });
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const listed = await project.ok(listWebhooks, {}, admin);
  expect(listed.webhooks).toEqual([
    expect.objectContaining({ endpoint_id, description: "for the CI", status: "active" }),
  ]);
  expect(JSON.stringify(listed)).not.toContain("whsec_");
});

test("the same creation sent again makes one endpoint and tells the same secret", async () => {
  const { project, bench, admin } = await setUp();
  const input = { url: `${bench.receiver.url}/a`, idempotency_key: "mine" };
  const first = await project.ok(createWebhook, input, admin);
  expect(await project.ok(createWebhook, input, admin)).toEqual(first);
  const other = { ...input, url: `${bench.receiver.url}/b` };
  expect((await project.refusal(createWebhook, other, admin)).reason).toBe("idempotency_conflict");
  expect((await project.ok(listWebhooks, {}, admin)).webhooks).toHaveLength(1);
  expect(await lifeOfKey(project)).toBeGreaterThan(LIMITS.idempotency_seconds - 600);
});

test.each([
  ["https://10.0.0.1/", /private/],
  ["https://example.com:25/", /port 25/],
  ["http://example.com/", /only https/],
])("%s is refused at registration and at a change", async (url, why) => {
  const { project, bench, admin } = await setUp();
  expect((await project.refusal(createWebhook, { url }, admin)).message).toMatch(why);
  const { endpoint_id } = await bench.register();
  expect((await project.refusal(updateWebhook, { endpoint_id, url }, admin)).message).toMatch(why);
});

test("what was allowed once is judged again at each attempt", async () => {
  const { project, bench } = await setUp();
  await bench.register({ types: ["task.created"] });
  await project.task();
  const deployed = { ...bench.webhooks, allow_loopback: false };
  Object.assign(bench.webhooks, deployed);
  expect(await bench.settle()).toEqual(["again"]);
  expect(bench.receiver.deliveries).toEqual([]);
});

test("a filter by type, agent type and run decides what arrives", async () => {
  const { project, bench, admin } = await setUp();
  const { endpoint_id } = await bench.register({ types: ["task.*"], agent_types: ["testing"] });
  await project.task({ agent_type: "testing" });
  await project.task({ agent_type: "planning" });
  await bench.settle();
  expect(bench.received().map(({ type }) => type)).toEqual(["task.created", "task.ready"]);
  await project.ok(updateWebhook, { endpoint_id, clear: ["agent_types"], run_ids: ["r2"] }, admin);
  await project.task({ agent_type: "planning", run_id: "r2" });
  await project.task({ agent_type: "planning", run_id: "r1" });
  await bench.settle();
  expect(
    bench
      .received()
      .slice(2)
      .map(({ data }) => data["task_id"]),
  ).toEqual(["r2t2", "r2t2"]);
});

test("a type that names no event is refused with itself, its place and the nearest name", () => {
  const types = ["task.failed", "task.raedy"];
  expect(readInput(createWebhook, { url: "https://example.com", types })).toMatchObject({
    refusal: {
      reason: "invalid",
      message: 'types[1]: there are no events "task.raedy"; did you mean task.ready?',
      parameters: ["types[1]"],
    },
  });
});

test("a rotation loses no delivery: for a day both secrets verify, then only the new one", async () => {
  const { project, bench, admin } = await setUp();
  const { endpoint_id, secret: old } = await bench.register({ types: ["task.created"] });
  const { secret } = await project.ok(rotateWebhookSecret, { endpoint_id }, admin);
  await project.task();
  await bench.settle();
  project.advance(86_401);
  await project.task();
  await bench.settle();
  const [during, after] = bench.receiver.deliveries;
  if (!during || !after) throw new Error("not both arrived");
  const then = project.now() - 86_401_000;
  for (const valid of [old, secret]) verified(during, { secret: valid, now: then });
  verified(after, { secret, now: project.now() });
  expect(() => verified(after, { secret: old, now: project.now() })).toThrow();
});

test("of many rotations the last three secrets sign, and none whose day is over is kept", async () => {
  const { project, bench, admin } = await setUp();
  const { endpoint_id } = await bench.register({ types: ["task.created"] });
  const kept = async (): Promise<number> => {
    const text = (await project.dump()).hashes["webhooks"]?.[`endpoint:${endpoint_id}`];
    return (JSON.parse(text ?? "") as { secrets: unknown[] }).secrets.length;
  };
  for (let nth = 0; nth < 4; nth++) await project.ok(rotateWebhookSecret, { endpoint_id }, admin);
  expect(await kept()).toBe(3);
  await project.task();
  await bench.settle();
  const signatures = bench.receiver.deliveries[0]?.headers["webhook-signature"];
  expect(String(signatures).split(" ")).toHaveLength(3);
  project.advance(86_401);
  await project.ok(rotateWebhookSecret, { endpoint_id }, admin);
  expect(await kept()).toBe(2);
});

test("a test event arrives whatever the filter, and is listed", async () => {
  const { project, bench, admin } = await setUp();
  const { endpoint_id, secret } = await bench.register({ types: ["run.failed"] });
  const { delivery_id } = await project.ok(testWebhook, { endpoint_id }, admin);
  await bench.settle();
  expect(bench.received()).toEqual([
    expect.objectContaining({ id: delivery_id, type: "webhook.test", data: { endpoint_id } }),
  ]);
  verified(bench.receiver.deliveries[0] ?? { headers: {}, body: "" }, {
    secret,
    now: project.now(),
  });
  const { deliveries } = await project.ok(listDeliveries, { endpoint_id }, admin);
  expect(deliveries).toEqual([
    expect.objectContaining({ delivery_id, status: "delivered", attempts: 1 }),
  ]);
});

test("deliveries are listed newest first, page by page, each once", async () => {
  const { project, bench, admin } = await setUp();
  await bench.register({ types: ["task.created"] });
  for (let number = 0; number < 7; number++) {
    await project.task();
    project.advance(1);
  }
  await bench.settle();
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await project.ok(listDeliveries, { limit: 3, ...(cursor && { cursor }) }, admin);
    ids.push(...page.deliveries.map(({ delivery_id }) => delivery_id));
    cursor = page.cursor;
  } while (cursor);
  expect(ids).toHaveLength(7);
  expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
});

test("all that were given up since some time are replayed, the others are not", async () => {
  const { project, bench, admin } = await setUp();
  const { endpoint_id } = await bench.register({ types: ["task.created"] });
  const giveUp = async (status: number): Promise<void> => {
    await project.task();
    bench.receiver.answer({ status });
    await bench.settle();
    if (status !== 200) {
      const { deliveries } = await bench.webhooks.store.deliveries({ limit: 1 });
      const { delivery_id = "", turn = 0 } = deliveries[0] ?? {};
      const result = { at: project.now(), status: 0, ms: 0 };
      await bench.webhooks.store.end({ delivery_id, turn, result, outcome: "dead" });
      bench.queued.length = 0;
    }
    project.advance(60);
  };
  await giveUp(500);
  const since = new Date(project.now()).toISOString();
  await giveUp(500);
  await giveUp(200);
  const before = bench.receiver.deliveries.length;
  const { replayed } = await project.ok(replayDeliveries, { endpoint_id, since }, admin);
  expect(replayed).toBe(1);
  bench.receiver.answer({ status: 200 });
  await bench.settle();
  expect(bench.receiver.deliveries.length - before).toBe(1);
  const unknown = { delivery_id: "evt_1_0_0_w1" };
  expect((await project.refusal(replayDeliveries, unknown, admin)).reason).toBe("not_found");
});

test("nothing is sent to a deleted endpoint, and its id names nothing any more", async () => {
  const { project, bench, admin } = await setUp();
  const { endpoint_id } = await bench.register({ types: ["task.created"] });
  await project.task();
  await project.ok(deleteWebhook, { endpoint_id }, admin);
  await bench.settle();
  expect(bench.receiver.deliveries).toEqual([]);
  const refusals = [
    await project.refusal(deleteWebhook, { endpoint_id }, admin),
    await project.refusal(rotateWebhookSecret, { endpoint_id }, admin),
    await project.refusal(testWebhook, { endpoint_id }, admin),
  ];
  expect(refusals.map(({ reason }) => reason)).toEqual(["not_found", "not_found", "not_found"]);
});

test("a project has at most twenty", async () => {
  const { project, bench, admin } = await setUp();
  for (let number = 0; number < 20; number++) await bench.register();
  const refusal = await project.refusal(createWebhook, { url: bench.receiver.url }, admin);
  expect(refusal).toMatchObject({ reason: "limit", message: expect.stringContaining("20") });
});

test("without a URL of its own the server says why it has no webhooks", async () => {
  const project = makeProject();
  const refusal = await project.refusal(listWebhooks, {}, { as: { role: "admin" } });
  expect(refusal).toMatchObject({
    reason: "unavailable",
    message: expect.stringContaining("BATON_URL"),
  });
});
