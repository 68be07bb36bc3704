/** Any graph, several agents at once: each task runs exactly once, and never before what it depends on. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

interface Shape {
  /** For each task, the earlier ones that it depends on. */
  readonly edges: readonly (readonly number[])[];
  /** Numbers of tasks whose worker fails. */
  readonly failing: ReadonlySet<number>;
}

const shapes: fc.Arbitrary<Shape> = fc.integer({ min: 1, max: 14 }).chain((size) =>
  fc.record({
    edges: fc.tuple(
      ...Array.from({ length: size }, (_, index) =>
        fc.uniqueArray(fc.nat(Math.max(0, index - 1)), { maxLength: Math.min(index, 4) }),
      ),
    ),
    failing: fc.uniqueArray(fc.nat(size - 1), { maxLength: 2 }).map((list) => new Set(list)),
  }),
);

/** What each task must end as. */
function outcomes({ edges, failing }: Shape): string[] {
  const ends: string[] = [];
  edges.forEach((dependencies, index) => {
    const met = dependencies.every((dependency) => ends[dependency] === "completed");
    ends.push(met ? (failing.has(index) ? "failed" : "completed") : "skipped");
  });
  return ends;
}

/** Works until the run has ended; returns the numbers of its tasks in the order in which they were begun. */
async function work(
  project: Project,
  {
    agent_id,
    failing,
    history,
  }: { agent_id: string; failing: Shape["failing"]; history: number[] },
): Promise<void> {
  while ((await project.run("r1")).status === "active") {
    for (const { lease } of await project.poll(agent_id, { max_tasks: 2 })) {
      const number = Number(/t(\d+)/.exec(lease)?.[1]) - 1;
      history.push(number);
      await (failing.has(number) ? project.bury(lease) : project.complete(lease, number));
    }
  }
}

test("random graphs end as their edges say, each task once and in an order they allow", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const project = newProject();
      const names = shape.edges.map((dependencies, index) => [
        `k${index}`,
        dependencies.map((dependency) => `k${dependency}`),
      ]);
      await project.graph(Object.fromEntries(names));
      const history: number[] = [];
      const agents = ["ada", "bob", "eve"].map((agent_id) =>
        work(project, { agent_id, failing: shape.failing, history }),
      );
      await Promise.all(agents);

      const ends = outcomes(shape);
      const ids = shape.edges.map((_, index) => `r1t${index + 1}`);
      const records = await Promise.all(ids.map((id) => project.record(id)));
      expect(records.map(({ status }) => status)).toEqual(ends);
      const due = ends.flatMap((end, index) => (end === "skipped" ? [] : [index]));
      expect(history.toSorted((a, b) => a - b)).toEqual(due);
      for (const [place, number] of history.entries()) {
        const before = new Set(history.slice(0, place));
        expect(shape.edges[number]?.filter((dependency) => !before.has(dependency))).toEqual([]);
      }
      expect(await project.run("r1")).toMatchObject({
        status: ends.includes("failed") ? "failed" : "completed",
        open: 0,
      });
      expect(await project.audit()).toEqual([]);
    }),
    { numRuns: 40 },
  );
});
