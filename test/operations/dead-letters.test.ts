/** Dead letters: found by their codes, and taken off the list by whoever has dealt with them. */
import { describe, expect, test } from "vitest";
import { getDeadLetterTasks } from "../../src/operations/get-dead-letter-tasks.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { buried, letters } from "../support/dead-letters.ts";
import { useProjects } from "../support/project.ts";

const newProject = useProjects();

describe("the list", () => {
  test("groups them by code, says how many there are, and shows each with its error", async () => {
    const project = newProject();
    const ids = [
      await buried(project, "E1"),
      await buried(project, "E10"),
      await buried(project, "E1"),
      await buried(project, "a|b"),
    ];
    const { tasks, groups } = await project.ok(listTasks, { status: "dead_letter" });
    expect(groups).toEqual([
      { code: "E10", count: 1 },
      { code: "E1", count: 2 },
      { code: "a/b", count: 1 },
    ]);
    expect(tasks.map(({ task_id }) => task_id).toSorted()).toEqual(ids);
    expect(tasks.find(({ task_id }) => task_id === ids[0])).toMatchObject({
      status: "failed",
      code: "E1",
      attempt: 1,
      error: "It broke.",
    });
  });

  test("is empty, and without groups, where nothing failed", async () => {
    const project = newProject();
    expect(await project.ok(listTasks, { status: "dead_letter" })).toEqual({ tasks: [] });
  });

  test("is read a page at a time, each letter once", async () => {
    const project = newProject();
    const ids: string[] = [];
    for (let nth = 0; nth < 7; nth++) ids.push(await buried(project, `E${nth % 3}`));
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await project.ok(listTasks, {
        status: "dead_letter",
        limit: 3,
        ...(cursor !== undefined && { cursor }),
      });
      expect(page.tasks.length).toBeLessThanOrEqual(3);
      expect(page.groups).toHaveLength(3);
      found.push(...page.tasks.map(({ task_id }) => task_id));
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(found).toHaveLength(7);
    expect(found.toSorted()).toEqual(ids.toSorted());
  });

  test("can be narrowed to an agent type or to a run, and has the name of an earlier server", async () => {
    const project = newProject();
    const first = await buried(project, "E1");
    const second = await buried(project, "E1", "testing");
    const of = async (input: object): Promise<string[]> =>
      (await project.ok(listTasks, { status: "dead_letter", ...input })).tasks.map(
        ({ task_id }) => task_id,
      );
    expect(await of({ agent_type: "testing" })).toEqual([second]);
    expect(await of({ run_id: "r1" })).toEqual([first]);
    const { tasks } = await project.ok(getDeadLetterTasks, { agent_type: "implementation" });
    expect(tasks.map(({ task_id }) => task_id)).toEqual([first]);
  });
});

describe("discard", () => {
  test("takes it off the list, keeps it failed, and notes why", async () => {
    const project = newProject();
    const [first, second] = [await buried(project, "E1"), await buried(project, "E1")];
    await project.control("discard", { task_ids: [first], text: "Known, harmless." });
    expect(await letters(project)).toEqual([second]);
    expect(await project.record(first)).toMatchObject({
      status: "failed",
      note: "Known, harmless.",
      discarded_at: project.now(),
    });
    expect(await project.run("r1")).toMatchObject({ status: "failed" });
    expect(await project.ok(getTaskStatus, { task_id: first, detail: "full" })).toMatchObject({
      status: "failed",
      discarded: { seconds_ago: 0, note: "Known, harmless." },
    });
    expect(await project.audit()).toEqual([]);
  });

  test("works for all with one code", async () => {
    const project = newProject();
    const dead = [await buried(project, "E1"), await buried(project, "E1")];
    const other = await buried(project, "E2");
    const { changed } = await project.control("discard", { error_code: "E1", text: "Gone." });
    expect(changed.toSorted()).toEqual(dead);
    expect(await letters(project)).toEqual([other]);
    expect(await project.audit()).toEqual([]);
  });

  test("is refused for what is not failed, and a second time", async () => {
    const project = newProject();
    const dead = await buried(project, "E1");
    const ready = await project.task();
    await project.control("discard", { task_ids: [dead] });
    const { changed, refused } = await project.control("discard", { task_ids: [dead, ready] });
    expect(changed).toEqual([]);
    expect(refused?.map(({ reason }) => reason)).toEqual([
      "it was discarded already",
      "only a failed task can be discarded; it is ready",
    ]);
  });

  test("may be thought better of: a retry brings it back, and it can fail again", async () => {
    const project = newProject();
    const dead = await buried(project, "E1");
    await project.control("discard", { task_ids: [dead], text: "No." });
    await project.control("retry", { task_ids: [dead] });
    const { note, discarded_at, status } = await project.record(dead);
    expect({ note, discarded_at, status }).toEqual({ status: "ready" });
    await project.bury((await project.claim("ada")).lease, "E2");
    expect(await letters(project)).toEqual([dead]);
    expect(await project.audit()).toEqual([]);
  });
});
