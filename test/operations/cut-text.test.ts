/** What of somebody's text is cut for a reply never ends within a character: strict JSON readers refuse such a reply. */
import { expect, test } from "vitest";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { waitForTasks } from "../../src/operations/wait-for-tasks.ts";
import { useProjects } from "../support/project.ts";

const newProject = useProjects();

/** Each at an even and at an odd place. */
const TEXTS = ["😀".repeat(300), `x${"😀".repeat(300)}`];

test.each(TEXTS)("a refusal that shows what was sent %#", async (text) => {
  const { message } = await newProject().refusal(heartbeat, {
    lease: text.slice(0, 63).toWellFormed(),
  });
  expect(message).toContain("😀");
  expect(message.isWellFormed()).toBe(true);
});

test.each(TEXTS)("an error of which an orchestrator is told %#", async (text) => {
  const project = newProject();
  const id = await project.task();
  await project.fail((await project.claim("ada")).lease, { message: text, category: "permission" });
  const { needs_you = [] } = await project.ok(waitForTasks, { task_ids: [id], wait_seconds: 0 });
  expect(needs_you).toMatchObject([{ why: "dead_letter" }]);
  expect(needs_you.map((need) => need.text.isWellFormed())).toEqual([true]);
});
