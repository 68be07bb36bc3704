/** A parent and its children want the same files: they take turns, and nobody waits for ever. */
import { expect, test } from "vitest";
import { getTaskStatus } from "../../../src/operations/get-task-status.ts";
import { useProjects } from "../../support/project.ts";
import { child, parent, planningTask, wait } from "./support.ts";

const newProject = useProjects();

test("a parent that holds src/ and waits for a child on src/a does not deadlock", async () => {
  const project = newProject();
  const lease = await parent(project, { locks: ["src/"] });
  await child(project, lease, { options: { locks: ["src/a"] } });
  // While the parent runs, the child waits for it, and says so.
  expect(await project.poll("bob")).toEqual([]);
  expect(await project.ok(getTaskStatus, { task_id: "r1t2", detail: "why" })).toMatchObject({
    waits_for: "lock src/",
    why: "Waits for lock src/, held by ada (r1t1).",
  });
  await wait(project, lease);
  const claimed = await project.claim("bob");
  expect(claimed.lease).toMatch(/^r1t2\.1\./);
  expect(await project.audit()).toEqual([]);
  await project.complete(claimed.lease);
  const again = await planningTask(project, "ada");
  expect(again.lease).toMatch(/^r1t1\.2\./);
  expect(await project.audit()).toEqual([]);
  await project.complete(again.lease);
  const { hashes, sets } = await project.dump();
  expect([hashes["locks"], sets["parked"]]).toEqual([undefined, undefined]);
});

test("a parent that resumes needs its locks again", async () => {
  const project = newProject();
  const lease = await parent(project, { locks: ["src/"] });
  await child(project, lease);
  await wait(project, lease);
  await project.complete((await project.claim("bob")).lease);
  await project.task({ priority: 0, options: { locks: ["src/b"] } });
  const other = await project.claim("bob");
  expect(await project.poll("ada", { agent_type: "planning" })).toEqual([]);
  expect((await project.record("r1t1")).parked).toBe("<src/");
  await project.complete(other.lease);
  expect((await planningTask(project, "ada")).lease).toMatch(/^r1t1\.2\./);
  expect(await project.audit()).toEqual([]);
});

test("a child that was waiting for its parent's lock ends with the parent, and leaves no trace", async () => {
  const project = newProject();
  const lease = await parent(project, { locks: ["src/"] });
  await child(project, lease, { options: { locks: ["src/a"] } });
  await project.poll("bob");
  expect((await project.record("r1t2")).parked).toBe("=src/");
  await project.bury(lease);
  expect((await project.record("r1t2")).status).toBe("cancelled");
  expect(await project.audit()).toEqual([]);
  await project.poll("eve", { agent_type: "testing" });
  const { hashes, sets } = await project.dump();
  expect([hashes["locks"], sets["parked"]]).toEqual([undefined, undefined]);
});
