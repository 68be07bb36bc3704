/** Words about a time of a schedule that come late or twice: that time was dealt with. */
import { expect, test } from "vitest";
import { createWorkflow } from "../../../src/operations/create-workflow.ts";
import { useProjects } from "../../support/project.ts";

const newProject = useProjects();

const HOUR_MS = 3_600_000;

test("a time that was dealt with is neither begun nor advanced again", async () => {
  const project = newProject();
  const tasks = [{ key: "a", task_description: "A" }];
  const options = { cron: "0 * * * *" };
  await project.ok(createWorkflow, { name: "S", agent_type: "implementation", tasks, options });
  project.advance(HOUR_MS / 1000);
  const read = async () => (await project.schedules.read("s1")).schedules[0];
  const next_at = (await read())?.next_at ?? 0;
  const due = { schedule_id: "s1", next_at, at: next_at, following: next_at + HOUR_MS };
  expect(await project.schedules.begin(due)).toMatchObject({ outcome: "go", at: next_at });
  expect(await project.schedules.begin(due)).toMatchObject({ outcome: "go", at: next_at });
  const fired = { schedule_id: "s1", at: next_at, following: due.following };
  expect(await project.schedules.advance(fired)).toBe(true);
  const after = await read();
  expect(after).toMatchObject({ next_at: due.following, last_at: next_at });

  expect(await project.schedules.advance({ ...fired, error: "It broke." })).toBe(false);
  expect(await project.schedules.begin(due)).toEqual({ outcome: "over" });
  expect(await read()).toEqual(after);
});
