/** Cursors of `wait_for_tasks` that its run does not know. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { waitForTasks } from "../../src/operations/wait-for-tasks.ts";
import { useProjects } from "../support/project.ts";

const newProject = useProjects();

// Of a run with more tasks than a page holds only what it remembers is read.
test.each([2, LIMITS.list_cap + 1])(
  "where the cursor is from a later time than its run of %i, as after a restored database, all is told anew",
  async (size) => {
    const project = newProject();
    await project.poll("ada");
    const first = Array.from({ length: Math.min(size, LIMITS.list_cap) }, (_, nth) => `k${nth}`);
    const run_id = await project.graph(Object.fromEntries(first.map((key) => [key, []])));
    for (let made = first.length; made < size; made++) await project.task({ run_id });
    await project.complete((await project.claim("ada")).lease);
    const told = await project.ok(waitForTasks, { run_id, cursor: "99", wait_seconds: 0 });
    expect(told).toMatchObject({ ended: [{ task_id: `${run_id}t1` }], cursor: "1" });
  },
);
