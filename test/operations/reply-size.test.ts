/** No reply is longer than a model should read: counted in tokens, for English, Japanese and JSON full of digits. */
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, test } from "vitest";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { useProjects } from "../support/project.ts";

const newProject = useProjects();

const MOST_TOKENS = 8_000;

const TEXTS = {
  English: "The quick brown fox jumps over the lazy dog while the build is running again. ",
  Japanese: "この作業は次の担当者に引き継がれ、レビューが終わるまで続きます。",
};

function tokens(reply: unknown): number {
  return encode(JSON.stringify(reply)).length;
}

function long(text: string, characters: number): string {
  return text.repeat(Math.ceil(characters / text.length)).slice(0, characters);
}

describe.each(Object.entries(TEXTS))("in %s", (_language, text) => {
  test("a poll for ten large tasks stays within 8,000 tokens, and each says where the rest is", async () => {
    const project = newProject();
    for (let number = 0; number < 10; number++) {
      await project.ok(createTask, {
        agent_type: "implementation",
        task_description: long(text, 20_000),
        context: { notes: long(text, 20_000) },
      });
    }
    const reply = await project.ok(pollTasks, {
      agent_id: "ada",
      agent_type: "implementation",
      max_tasks: 10,
      wait_seconds: 0,
    });
    expect(reply.tasks).toHaveLength(10);
    expect(reply.tasks?.every(({ cut }) => cut?.includes("get_task_status"))).toBe(true);
    expect(tokens(reply)).toBeLessThanOrEqual(MOST_TOKENS);
  });

  test("a result is read to its end in pieces that stay within 8,000 tokens", async () => {
    const project = newProject();
    const result = long(text, 60_000);
    await project.ok(createTask, { agent_type: "implementation", task_description: "Do it." });
    await project.complete((await project.claim("ada")).lease, result);
    let whole = "";
    let offset: number | undefined = 0;
    while (offset !== undefined) {
      const piece: Record<string, unknown> = await project.ok(getTaskStatus, {
        task_id: "r1t1",
        detail: "full",
        offset,
      });
      expect(tokens(piece)).toBeLessThanOrEqual(MOST_TOKENS);
      whole += String(piece["text"]);
      offset = typeof piece["next_offset"] === "number" ? piece["next_offset"] : undefined;
    }
    expect(JSON.parse(whole)).toMatchObject({ result });
  });

  test("a list, a run and a page of the shared state stay within 8,000 tokens", async () => {
    const project = newProject();
    const tasks = Array.from({ length: 200 }, (_, index) => ({
      key: `k${index}`,
      agent_type: "implementation",
      task_description: long(text, 300),
    }));
    await project.ok(createWorkflow, { name: "Many", tasks });
    for (let number = 0; number < 5; number++) {
      await project.ok(setSharedState, { key: `plan/${number}`, value: long(text, 15_000) });
    }
    const list = await project.ok(listTasks, { limit: 200 });
    const run = await project.ok(getTaskStatus, { run_id: "r1" });
    const state = await project.ok(getSharedState, { prefix: "plan/" });
    for (const reply of [list, run]) expect(tokens(reply)).toBeLessThanOrEqual(MOST_TOKENS);
    // One entry is given whole, however large, since there is no other way to it; the others by name.
    expect(state.entries).toHaveLength(1);
    expect(state["read_one_by_one"]).toEqual(["plan/1", "plan/2", "plan/3", "plan/4"]);
  });

  test("a list that was cut goes on where it stopped", async () => {
    const project = newProject();
    const tasks = Array.from({ length: 200 }, (_, index) => ({
      key: `k${index}`,
      agent_type: "implementation",
      task_description: long(text, 300),
    }));
    await project.ok(createWorkflow, { name: "Many", tasks });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await project.ok(listTasks, { limit: 200, ...(cursor && { cursor }) });
      seen.push(...page.tasks.map(({ task_id }) => task_id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(tasks.map((_, index) => `r1t${index + 1}`));
  });
});
