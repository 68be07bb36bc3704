/** Graphs of a thousand tasks (of hundreds on the embedded engine), done by many agents at once: each task once, in an order that the edges allow. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { tick } from "../../src/operations/tick.ts";
import { sized } from "../support/engine.ts";
import { seeded } from "../support/seeded.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const AGENTS = 8;
const TASKS = sized(LIMITS.workflow_tasks, 300);
const DEEP = sized(220, 60);
const DIAMONDS = sized(100, 20);

/** For each task, by number from 0, the numbers of those that it depends on. */
type Edges = readonly (readonly number[])[];

async function create(project: Project, edges: Edges): Promise<void> {
  const tasks = edges.map((dependencies, index) => ({
    key: `k${index}`,
    task_description: `Do k${index}.`,
    dependencies: dependencies.map((dependency) => `k${dependency}`),
  }));
  const made = await project.ok(createWorkflow, {
    name: "Large",
    agent_type: "implementation",
    tasks,
  });
  expect(made).toMatchObject({ run_id: "r1", tasks: edges.length });
}

/** Works until the run has ended; notes each task as it is begun and as it is done. */
async function work(project: Project, agent: number, notes: Notes): Promise<void> {
  while ((await project.run("r1")).status === "active") {
    for (const { lease } of await project.poll(`agent-${agent}`, { max_tasks: 10 })) {
      const number = Number(/t(\d+)/.exec(lease)?.[1]) - 1;
      notes.begun.push(number);
      const missing = notes.edges[number]?.filter((dependency) => !notes.done.has(dependency));
      expect(missing).toEqual([]);
      // Before its submit: others may begin what waits for it before the reply is here.
      notes.done.add(number);
      await project.complete(lease);
    }
  }
}

interface Notes {
  readonly edges: Edges;
  readonly begun: number[];
  readonly done: Set<number>;
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** One task, as many as possible behind it, ten that gather a hundred each, and one that gathers those. */
function outAndIn(): Edges {
  const joins = TASKS / 100;
  const middle = numbers(1, TASKS - joins - 1);
  return [
    [],
    ...middle.map(() => [0]),
    ...numbers(0, joins).map((join) => middle.filter((number) => number % joins === join)),
    numbers(TASKS - joins - 1, TASKS - 1),
  ];
}

/** Each waits for up to three of those before it in a hidden order. */
function anyGraph(): Edges {
  const chance = seeded("large graph");
  const hidden = numbers(0, TASKS).map((number) => ({ number, at: chance.next() }));
  const order = hidden.toSorted((a, b) => a.at - b.at).map(({ number }) => number);
  const edges: number[][] = numbers(0, TASKS).map(() => []);
  for (const [place, number] of order.entries()) {
    const drawn = numbers(0, Math.min(place, chance.whole(0, 3))).map(
      () => order[chance.whole(0, place - 1)] ?? 0,
    );
    edges[number] = [...new Set(drawn)];
  }
  return edges;
}

const GRAPHS: Record<string, Edges> = {
  [`a fan-out and fan-in of ${TASKS}`]: outAndIn(),
  [`${TASKS} with edges drawn at random, told in any order`]: anyGraph(),
  [`a chain of ${DEEP}, told from its end`]: numbers(0, DEEP).map((index) =>
    index < DEEP - 1 ? [index + 1] : [],
  ),
  [`${DIAMONDS} diamonds, one behind the other`]: numbers(0, 3 * DIAMONDS + 1).map((index) => {
    const top = index - ((index - 1) % 3) - 1;
    if (index === 0) return [];
    return index % 3 === 0 ? [index - 1, index - 2] : [top];
  }),
};

test.each(Object.entries(GRAPHS))("%s", async (_, edges) => {
  const project = newProject();
  await create(project, edges);
  const notes: Notes = { edges, begun: [], done: new Set() };
  await Promise.all(numbers(0, AGENTS).map((agent) => work(project, agent, notes)));
  expect(notes.begun.toSorted((a, b) => a - b)).toEqual(edges.map((_, index) => index));
  expect(await project.run("r1")).toMatchObject({
    status: "completed",
    open: 0,
    counts: { completed: edges.length, failed: 0, cancelled: 0, skipped: 0 },
  });
  expect(await project.audit()).toEqual([]);
});

test(`a failure at the root of ${TASKS} skips all of them, though nobody calls`, async () => {
  const project = newProject();
  await create(project, outAndIn());
  for (let looks = 0; (await project.run("r1")).activated !== undefined; looks++) {
    expect(looks).toBeLessThan(20);
    await tick(project.store);
  }
  await project.bury((await project.claim("ada")).lease);
  for (let looks = 0; (await project.run("r1")).open > 0; looks++) {
    expect(looks).toBeLessThan(20);
    await tick(project.store, { resend: true });
    expect(await project.audit()).toEqual([]);
  }
  expect(await project.run("r1")).toMatchObject({
    status: "failed",
    counts: { failed: 1, skipped: TASKS - 1 },
  });
});
