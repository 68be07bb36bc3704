/** What is told by Redis' own clock: reading it may write the facts of a call before the call is over. */
import { expect, test } from "vitest";
import { factsOf } from "../support/dump.ts";
import { useProjects } from "../support/project.ts";
import { APPROVED, handedIn, judged, REJECTED } from "../support/reviews.ts";

const newProject = useProjects({ clock: "real" });

test("each event of a task says its agent type, those of a review that is only being made too", async () => {
  const project = newProject();
  await handedIn(project);
  await judged(project, REJECTED);
  await project.complete((await project.claim("ada")).lease);
  await judged(project, APPROVED);
  const facts = factsOf(await project.dump());
  expect(facts.filter(({ type }) => type === "task.ready")).toMatchObject(
    ["implementation", "testing", "implementation", "testing"].map((agent_type) => ({
      agent_type,
    })),
  );
  const ofTasks = facts.filter(({ task_id }) => task_id !== undefined);
  expect(ofTasks.filter(({ agent_type }) => agent_type === undefined)).toEqual([]);
});
