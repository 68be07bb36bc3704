/** A submit is keyed by its lease: whatever is sent again gets the first outcome, and acts once. */
import { describe, expect, test } from "vitest";
import { submitResult } from "../../src/operations/submit-result.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const SUBMITS = {
  completed: { status: "completed", result: { n: 1 } },
  failed: { status: "failed", error: { message: "It broke.", code: "E1" } },
  released: { status: "released", result: "notes" },
  needs_input: { status: "needs_input", question: "Which one?" },
} as const;

type Kind = keyof typeof SUBMITS;
const KINDS = Object.keys(SUBMITS) as Kind[];
const ANSWERS = {
  completed: "completed",
  failed: "scheduled",
  released: "ready",
  needs_input: "suspended",
};

async function facts(project: Project): Promise<number> {
  return factsOf(await project.dump()).length;
}

describe.each(KINDS)("a submit of %s", (kind) => {
  test("sent twice answers the same and changes nothing the second time", async () => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"] });
    const { lease } = await project.claim("ada");
    const submit = { lease, ...SUBMITS[kind] };
    const first = await project.ok(submitResult, submit);
    expect(first.status).toBe(ANSWERS[kind]);
    const before = await project.dump();
    expect(await project.ok(submitResult, submit)).toEqual(first);
    expect(await project.dump()).toEqual(before);
  });

  test("sent twenty times at once acts once", async () => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"] });
    const { lease } = await project.claim("ada");
    const before = await facts(project);
    const sent = Array.from({ length: 20 }, () =>
      project.ok(submitResult, { lease, ...SUBMITS[kind] }),
    );
    const answers = await Promise.all(sent);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([ANSWERS[kind]]));
    expect((await project.record("r1t1")).attempts).toHaveLength(1);
    const told = factsOf(await project.dump()).slice(before);
    expect(told.filter(({ task_id }) => task_id === "r1t1")).toHaveLength(1);
    expect(await project.audit()).toEqual([]);
  });

  test("sent again with poll_next gives the same next task, with the same lease", async () => {
    const project = newProject();
    await project.task();
    await project.task({ task_description: "Next." });
    await project.task({ task_description: "After that." });
    const { lease } = await project.claim("ada");
    const submit = { lease, ...SUBMITS[kind], poll_next: true };
    const first = await project.ok(submitResult, submit);
    const second = await project.ok(submitResult, submit);
    expect(first.next).toHaveLength(1);
    expect(second).toEqual({ ...first, next: [{ ...first.next?.[0], held: true }] });
    expect(await project.audit()).toEqual([]);
  });

  test("sent again after a late acceptance answers the same", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 60 });
    project.advance(61);
    await project.poll("eve", { agent_type: "testing" });
    const submit = { lease, ...SUBMITS[kind] };
    const first = await project.ok(submitResult, submit);
    expect(await project.ok(submitResult, submit)).toEqual(first);
    expect((await project.record("r1t1")).attempts).toMatchObject([{ attempt: 1, outcome: kind }]);
    expect(await project.audit()).toEqual([]);
  });

  test.each(KINDS.filter((other) => other !== kind))(
    "stays what it was when %s is sent after it",
    async (other) => {
      const project = newProject();
      await project.task();
      const { lease } = await project.claim("ada");
      const first = await project.ok(submitResult, { lease, ...SUBMITS[kind] });
      const kept = other === "completed";
      const before = await project.dump();
      const { note, ...answer } = await project.ok(submitResult, { lease, ...SUBMITS[other] });
      expect(answer).toEqual(first);
      expect(String(note).includes("kept as a late result")).toBe(kept);
      const changed = JSON.stringify(await project.dump()) !== JSON.stringify(before);
      expect(changed).toBe(kept);
      const { status, late_results } = await project.record("r1t1");
      expect(status).toBe(first.status);
      expect(late_results).toEqual(kept ? [1] : undefined);
      expect(await project.audit()).toEqual([]);
    },
  );
});

test("a released submit answers the same after the task moved on, and does not disturb it", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada");
  const first = await project.ok(submitResult, { lease, status: "released", result: "mine" });
  const next = await project.claim("bob");
  const before = await project.dump();
  expect(await project.ok(submitResult, { lease, status: "released", result: "mine" })).toEqual(
    first,
  );
  expect(await project.dump()).toEqual(before);
  await project.complete(next.lease, "bob's");
  const late = { lease, status: "completed", result: "late" } as const;
  expect(await project.ok(submitResult, late)).toMatchObject(first);
  expect(await project.record("r1t1")).toMatchObject({ status: "completed", late_results: [1] });
  expect(await project.audit()).toEqual([]);
});

test("poll_next gives the next task in the same call, of the agent's own type", async () => {
  const project = newProject();
  await project.task({ agent_type: "testing", priority: 0 });
  await project.task();
  const second = await project.task();
  const { lease } = await project.claim("ada");
  const { next } = await project.ok(submitResult, { lease, status: "completed", poll_next: true });
  expect(next?.map((task) => task.lease.split(".")[0])).toEqual([second]);
  const last = await project.ok(submitResult, {
    lease: next?.[0]?.lease ?? "",
    status: "completed",
    poll_next: true,
  });
  expect(last).not.toHaveProperty("next");
  expect(await project.audit()).toEqual([]);
});

test("poll_next gives what the submit itself made ready", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"] });
  const { lease } = await project.claim("ada");
  const { next } = await project.ok(submitResult, {
    lease,
    status: "completed",
    result: "from a",
    poll_next: true,
  });
  expect(next).toMatchObject([{ task_description: "Do b.", inputs: { a: "from a" } }]);
});

test("poll_next does not give back at once what the same agent released", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada");
  const answer = await project.ok(submitResult, { lease, status: "released", poll_next: true });
  expect(answer).not.toHaveProperty("next");
});
