/** Which schedules are made and which are refused, and that it does no harm to ask twice. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../src/domain/limits.ts";
import { createTask } from "../../../src/operations/create-task.ts";
import { createWorkflow } from "../../../src/operations/create-workflow.ts";
import { deleteSchedule } from "../../../src/operations/schedules/delete-schedule.ts";
import { listSchedules } from "../../../src/operations/schedules/list-schedules.ts";
import { hourly } from "../../support/hourly.ts";
import { useProjects } from "../../support/project.ts";

const newProject = useProjects();

describe("is refused", () => {
  const flow = (cron: unknown, more: object = {}) => ({
    name: "Report",
    agent_type: "implementation",
    tasks: [{ key: "a", task_description: "A", ...more }],
    options: cron === undefined ? {} : { cron: cron as string },
  });

  test.each([
    ["an expression that is none", flow("often"), "no cron expression of five fields"],
    ["a workflow with a cycle", flow("0 * * * *", { dependencies: ["a"] }), "a depends on itself"],
    ["an option that does not exist", flow("0 * * * *", { options: { dedline: 1 } }), "deadline?"],
    [
      "a dependency on a task that exists",
      flow("0 * * * *", { dependencies: ["r1t1"] }),
      "a depends on r1t1, which a later run cannot wait for",
    ],
    [
      "a single moment",
      flow("0 * * * *", { options: { deadline: "2031-05-07T00:00:00Z" } }),
      "a.options.deadline is a single moment",
    ],
    [
      "cron within a task",
      flow(undefined, { options: { cron: "0 * * * *" } }),
      "only a whole workflow has a schedule",
    ],
  ])("%s", async (_, input, message) => {
    const project = newProject();
    const refusal = await project.refusal(createWorkflow, input);
    expect(refusal.message).toContain(message);
    expect(await project.dump()).toMatchObject({ hashes: {} });
  });

  test("a single task", async () => {
    const refusal = await newProject().refusal(createTask, {
      agent_type: "implementation",
      task_description: "A",
      options: { cron: "0 * * * *" },
    });
    expect(refusal.message).toBe("options.cron: only a whole workflow has a schedule.");
  });

  test("a worker's schedule", async () => {
    const as = { role: "worker" } as const;
    expect(await newProject().refusal(createWorkflow, flow("0 * * * *"), { as })).toMatchObject({
      reason: "role",
    });
  });

  test("one more than a project may have, until one is deleted", async () => {
    const project = newProject();
    for (let made = 0; made < LIMITS.schedules; made++) await hourly(project);
    const refusal = await project.refusal(createWorkflow, flow("0 * * * *"));
    expect(refusal).toMatchObject({ reason: "limit", message: expect.stringContaining("100") });
    await project.ok(deleteSchedule, { schedule_id: "s7" });
    expect(await hourly(project)).toMatchObject({ schedule_id: `s${LIMITS.schedules + 1}` });
  });
});

describe("sent twice", () => {
  test("the same request makes one schedule", async () => {
    const project = newProject();
    const input = { name: "R", agent_type: "t", tasks: [{ key: "a", task_description: "A" }] };
    const scheduled = { ...input, options: { cron: "0 * * * *" } };
    const operation_id = `twice-${project.name}`;
    const first = await project.ok(createWorkflow, scheduled, { operation_id });
    expect(await project.ok(createWorkflow, scheduled, { operation_id })).toEqual(first);
    expect((await project.ok(listSchedules, {})).schedules).toHaveLength(1);
  });

  test("an idempotency key makes one schedule as long as that is there, and refuses other contents", async () => {
    const project = newProject();
    const input = { name: "R", agent_type: "t", tasks: [{ key: "a", task_description: "A" }] };
    const scheduled = { ...input, options: { cron: "0 * * * *" }, idempotency_key: "k" };
    const { schedule_id } = await project.ok(createWorkflow, scheduled);
    expect(await project.ok(createWorkflow, scheduled)).toMatchObject({ schedule_id });
    const other = { ...scheduled, options: { cron: "5 * * * *" } };
    expect(await project.refusal(createWorkflow, other)).toMatchObject({
      reason: "idempotency_conflict",
    });
    await project.ok(deleteSchedule, { schedule_id: "s1" });
    expect(await project.ok(createWorkflow, scheduled)).toMatchObject({ schedule_id: "s2" });
  });

  test("deleting it does not fail the second time", async () => {
    const project = newProject();
    await hourly(project);
    const options = { operation_id: `delete-${project.name}` };
    for (const _ of [1, 2]) {
      expect(await project.ok(deleteSchedule, { schedule_id: "s1" }, options)).toMatchObject({
        deleted: true,
      });
    }
  });
});
