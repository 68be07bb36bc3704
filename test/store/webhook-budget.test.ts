/** What webhooks cost, counted at the front: round trips, and commands as they are billed. */
import { expect, test } from "vitest";
import { deliver } from "../../src/operations/webhooks/deliver.ts";
import { makeDeliveries } from "../../src/operations/webhooks/make-deliveries.ts";
import { sendOverdue } from "../../src/operations/webhooks/send-overdue.ts";
import { type Project, useProjects } from "../support/project.ts";
import { type Bench, webhookBench } from "../support/webhook-bench.ts";

// The real clock, as in production: asking for the time is a command too.
const newProject = useProjects({ clock: "real" });

interface Cost {
  readonly trips: number;
  readonly billed: number;
}

async function cost(project: Project, act: () => Promise<unknown>): Promise<Cost> {
  project.upstash.stats.reset();
  await act();
  const { httpRequests, billed } = project.upstash.stats.snapshot();
  return { trips: httpRequests, billed };
}

/** A project with endpoints, whose scripts Redis knows. */
async function warmed(endpoints: number): Promise<{ project: Project; bench: Bench }> {
  const project = newProject();
  const bench = await webhookBench(project);
  for (let number = 0; number < endpoints; number++) {
    await bench.register({ types: ["task.created"] });
  }
  await project.task();
  await bench.settle();
  await sendOverdue(bench.webhooks);
  return { project, bench };
}

test("a change costs no command more where there are endpoints, but for the note that somebody makes deliveries", async () => {
  const { project } = await warmed(3);
  // As without endpoints: see the base case. The first one hints, and writes that with what it writes anyway.
  expect(await cost(project, () => project.task())).toEqual({ trips: 1, billed: 7 });
  expect(await cost(project, () => project.task())).toEqual({ trips: 1, billed: 7 });
});

test("making deliveries costs the same for one as for many", async () => {
  const { project, bench } = await warmed(2);
  await project.task();
  const few = await cost(project, () => makeDeliveries(bench.webhooks));
  for (let number = 0; number < 15; number++) await project.task();
  const many = await cost(project, () => makeDeliveries(bench.webhooks));
  // A read, a write, and the read that finds nothing more; the write reads each endpoint once.
  expect(few.trips).toBe(3);
  expect(many).toEqual(few);
  expect(few.billed).toBeLessThanOrEqual(26);
});

test("a delivery that is taken at once costs two round trips and nine commands", async () => {
  const { project, bench } = await warmed(1);
  await project.task();
  await makeDeliveries(bench.webhooks);
  const [attempt] = bench.queued;
  if (!attempt) throw new Error("nothing was planned");
  const delivered = await cost(project, () => deliver(bench.webhooks, attempt));
  expect(delivered).toEqual({ trips: 2, billed: 9 });
});

test("the watchdog's visit of a project whose webhooks have nothing to do costs two round trips", async () => {
  const { project, bench } = await warmed(2);
  const idle = await cost(project, () => sendOverdue(bench.webhooks));
  expect(idle.trips).toBe(2);
  expect(idle.billed).toBeLessThanOrEqual(14);
});
