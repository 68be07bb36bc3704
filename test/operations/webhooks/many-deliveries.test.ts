/** Twenty endpoints and many events, with a small number of deliveries kept: bounded steps, and nothing twice. */
import { expect, test } from "vitest";
import { LIMITS } from "../../../src/domain/limits.ts";
import { createWorkflow } from "../../../src/operations/create-workflow.ts";
import { makeDeliveries } from "../../../src/operations/webhooks/make-deliveries.ts";
import { useProjects } from "../../support/project.ts";
import { webhookBench } from "../../support/webhook-bench.ts";

const EVENTS = Number(process.env["WEBHOOK_EVENTS"] ?? 100);
const ENDPOINTS = 20;

// The scripts are rendered when they are first wanted: the limit must be small before that.
Object.assign(LIMITS, { webhook_deliveries_kept: (EVENTS * ENDPOINTS) / 2 });

const makeProject = useProjects();

test("each event is made once for each endpoint, in steps that a Worker may make, and no more is kept than allowed", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  for (let number = 0; number < ENDPOINTS; number++) {
    await bench.register({ types: ["task.created"] });
  }
  const tasks = Array.from({ length: 50 }, (_, number) => ({
    key: `t${number}`,
    agent_type: "implementation",
    task_description: "One of many",
  }));
  for (let made = 0; made < EVENTS; made += tasks.length) {
    await project.ok(createWorkflow, { name: "many", tasks });
  }
  let made = 0;
  const requests: number[] = [];
  const places: string[] = [];
  do {
    project.upstash.stats.reset();
    made += await makeDeliveries(bench.webhooks);
    requests.push(project.upstash.stats.snapshot().httpRequests);
    places.push(...bench.rests);
  } while (bench.rests.pop() !== undefined);
  expect(made).toBe(EVENTS * ENDPOINTS);
  // Ten steps of two, and a script that Redis did not know is sent twice.
  expect(Math.max(...requests)).toBeLessThanOrEqual(22);
  expect(places.length).toBeGreaterThan(0);
  expect(new Set(bench.queued.map(({ delivery_id }) => delivery_id)).size).toBe(made);
  const dump = await project.dump();
  expect(Object.keys(dump.hashes["deliveries"] ?? {})).toHaveLength(LIMITS.webhook_deliveries_kept);
  expect(await project.audit()).toEqual([]);
});
