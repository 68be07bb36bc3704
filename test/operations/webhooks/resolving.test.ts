/** A public name may stand for a private address: it is looked up when it is registered, and again before each attempt. */
import { expect, onTestFinished, test } from "vitest";
import { createWebhook } from "../../../src/operations/webhooks/create-webhook.ts";
import { updateWebhook } from "../../../src/operations/webhooks/update-webhook.ts";
import { startEndpoint } from "../../local/qstash/endpoint.ts";
import { useProjects } from "../../support/project.ts";
import { webhookBench } from "../../support/webhook-bench.ts";

const makeProject = useProjects();

let names = 0;
/** Another one each time: what a name resolves to is remembered for a minute. */
const newName = (): string => `hooks-${process.pid}-${++names}.example.com`;

/** A project whose Worker asks a real resolver, over HTTP, and reaches its receiver under any public name. */
async function setUp() {
  const project = makeProject();
  const bench = await webhookBench(project);
  const doh = await startEndpoint();
  onTestFinished(() => doh.stop());
  const records = new Map<string, object[]>();
  doh.answer(({ path }) => {
    const asked = new URL(path, doh.url).searchParams;
    const found = records.get(`${asked.get("name")} ${asked.get("type")}`) ?? [];
    return { status: 200, body: JSON.stringify({ Status: 0, Answer: found }) };
  });
  Object.assign(bench.webhooks, {
    resolver: `${doh.url}/dns-query`,
    allow_loopback: false,
    fetch: (url: string, init: RequestInit) =>
      fetch(url.replace(/^https:\/\/hooks-[^/]*/, bench.receiver.url), init),
  });
  const admin = { as: { role: "admin" }, webhooks: bench.webhooks } as const;
  return { project, bench, doh, records, admin };
}

test.each([
  ["A", 1, "10.1.2.3", /10\.1\.2\.3 is private/],
  ["A", 1, "169.254.169.254", /link-local/],
  ["AAAA", 28, "fd00::1", /fd00::1 is not public/],
  ["AAAA", 28, "::ffff:127.0.0.1", /IPv4 address/],
  ["A", 1, "nonsense", /no public host name/],
])(
  "a name with an %s record (%i) of %s is refused, when it is made and when it is changed",
  async (type, number, data, why) => {
    const { project, bench, records, admin } = await setUp();
    const name = newName();
    const alias = { name, type: 5, data: "elsewhere.example.net." };
    records.set(`${name} ${type}`, [alias, { name, type: number, data }]);
    const url = `https://${name}/hook`;
    const refused = await project.refusal(createWebhook, { url }, admin);
    expect(refused).toMatchObject({ reason: "invalid", message: expect.stringMatching(why) });
    const { endpoint_id } = await bench.register({ url: `https://${newName()}/` });
    expect((await project.refusal(updateWebhook, { endpoint_id, url }, admin)).reason).toBe(
      "invalid",
    );
  },
);

test("a name that resolves to a private address later is not sent to", async () => {
  const { project, bench, records } = await setUp();
  const name = newName();
  await bench.register({ url: `https://${name}/`, types: ["task.created"] });
  await project.task();
  expect(await bench.settle()).toEqual(["delivered"]);
  const other = newName();
  const { endpoint_id } = await bench.register({ url: `https://${other}/`, types: ["task.ready"] });
  // It was looked up at its registration, and that is remembered: the same name under another spelling is not.
  records.set(`${other}. A`, [{ name: other, type: 1, data: "192.168.0.7" }]);
  await bench.webhooks.store.act("rebound", {
    action: "change",
    endpoint_id,
    fields: { url: `https://${other}./` },
  });
  await project.task();
  expect(await bench.settle()).toContain("again");
  const { deliveries } = await bench.webhooks.store.deliveries({ limit: 1, endpoint_id });
  expect(deliveries[0]?.results?.[0]).toMatchObject({
    status: 0,
    error: expect.stringContaining("192.168.0.7 is private"),
  });
});

test("a resolver that is down, slow to answer or talks nonsense holds nothing up", async () => {
  const { project, bench, doh } = await setUp();
  doh.answer({ status: 500 });
  await bench.register({ url: `https://${newName()}/`, types: ["task.created"] });
  doh.answer({ status: 200, body: "<html>" });
  await project.task();
  expect(await bench.settle()).toEqual(["delivered"]);
});

test("a name is looked up once a minute, for each kind of address", async () => {
  const { project, bench, doh } = await setUp();
  await bench.register({ url: `https://${newName()}/`, types: ["task.created"] });
  for (let number = 0; number < 5; number++) await project.task();
  await bench.settle();
  expect(doh.deliveries).toHaveLength(2);
  expect(doh.deliveries[0]?.headers.accept).toBe("application/dns-json");
});
