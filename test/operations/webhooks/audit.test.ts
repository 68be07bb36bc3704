/** The audit of people finds deliveries that do not stand where they belong, mends them, and says what it did. */
import { expect, test } from "vitest";
import { audit } from "../../../src/operations/audit.ts";
import { makeDeliveries } from "../../../src/operations/webhooks/make-deliveries.ts";
import { updateWebhook } from "../../../src/operations/webhooks/update-webhook.ts";
import { type Project, useProjects } from "../../support/project.ts";
import { type Bench, webhookBench } from "../../support/webhook-bench.ts";

const newProject = useProjects();

async function auditAll(project: Project, repair = true): Promise<string[]> {
  const findings: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await project.ok(audit, { repair, ...(cursor !== undefined && { cursor }) });
    findings.push(...page.findings);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return findings;
}

/** Deliveries that were taken, that wait, and that are held. */
async function mixed(): Promise<{ project: Project; bench: Bench }> {
  const project = newProject();
  const bench = await webhookBench(project);
  const taken = await bench.register({ types: ["task.created"] });
  await project.task();
  await bench.settle();
  const held = await bench.register({ types: ["task.ready"] });
  const admin = { as: { role: "admin" }, webhooks: bench.webhooks } as const;
  const { endpoint_id } = held;
  await project.ok(updateWebhook, { endpoint_id, status: "paused" }, admin);
  await project.task();
  await makeDeliveries(bench.webhooks);
  expect(taken.endpoint_id).toBe("w1");
  expect(await project.audit()).toEqual([]);
  return { project, bench };
}

async function redis(project: Project, command: string, key: string, ...args: string[]) {
  return project.redis.call([command, `baton:{${project.name}}:${key}`, ...args]);
}

test("nothing is found where all is well", async () => {
  const { project } = await mixed();
  expect(await auditAll(project)).toEqual([]);
});

test("places that are missing, and places for nothing, are mended once", async () => {
  const { project, bench } = await mixed();
  const { deliveries } = await bench.webhooks.store.deliveries({ limit: 10 });
  const waiting = deliveries.find(({ due_at }) => due_at !== undefined);
  const over = deliveries.find(({ status }) => status === "delivered");
  for (const index of ["outbox", "held", "delivery_index"]) await redis(project, "UNLINK", index);
  await redis(project, "ZADD", "outbox", "5", "evt_1_0_0_w9");
  await redis(project, "ZADD", "held", "0", `w1|${over?.delivery_id}`);
  await redis(project, "ZADD", "delivery_index", "0", "0000000000001|evt_1_0_0_w9");
  expect(await auditAll(project, false)).toHaveLength(8);
  expect(await project.audit()).not.toEqual([]);
  const findings = await auditAll(project);
  expect(findings.join("\n")).toContain(`${waiting?.delivery_id} stood at false in outbox`);
  expect(findings.join("\n")).toContain("evt_1_0_0_w9 stood in outbox for nothing");
  expect(await auditAll(project)).toEqual([]);
  expect(await project.audit()).toEqual([]);
});

test("a delivery that waits for nothing is attempted again", async () => {
  const { project, bench } = await mixed();
  const { deliveries } = await bench.webhooks.store.deliveries({ limit: 10 });
  const waiting = deliveries.find(({ due_at }) => due_at !== undefined);
  const { due_at: _, ...stray } = waiting ?? {};
  const id = waiting?.delivery_id ?? "";
  await redis(project, "HSET", "deliveries", id, JSON.stringify(stray));
  await redis(project, "ZREM", "outbox", id);
  expect((await auditAll(project)).join("\n")).toContain(`${id} waited for nothing`);
  expect(await auditAll(project)).toEqual([]);
  expect(await project.audit()).toEqual([]);
});
