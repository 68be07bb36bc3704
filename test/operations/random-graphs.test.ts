/** Any graph, several agents at once: each task runs exactly once, and never before what it depends on. */
import * as fc from "../support/fast-check.ts";
import { expect, test } from "vitest";
import { TRIGGER_RULES } from "../../src/domain/lifecycle.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

interface Shape {
  /** For each task, the earlier ones that it depends on. */
  readonly edges: readonly (readonly number[])[];
  /** By which each task runs; what depends on nothing runs at once. */
  readonly rules: readonly Rule[];
  /** Numbers of tasks whose worker fails. */
  readonly failing: ReadonlySet<number>;
}

type Rule = (typeof TRIGGER_RULES)[number];

const shapes: fc.Arbitrary<Shape> = fc.integer({ min: 1, max: 14 }).chain((size) =>
  fc.record({
    edges: fc.tuple(
      ...Array.from({ length: size }, (_, index) =>
        fc.uniqueArray(fc.nat(Math.max(0, index - 1)), { maxLength: Math.min(index, 4) }),
      ),
    ),
    rules: fc.array(fc.constantFrom<Rule>("all_success", ...TRIGGER_RULES), {
      minLength: size,
      maxLength: size,
    }),
    failing: fc.uniqueArray(fc.nat(size - 1), { maxLength: 4 }).map((list) => new Set(list)),
  }),
);

function ruleOf({ edges, rules }: Shape, index: number): Record<string, string> {
  const rule = rules[index];
  return rule === undefined || edges[index]?.length === 0 ? {} : { trigger_rule: rule };
}

/** What each task must end as. */
function outcomes({ edges, rules, failing }: Shape): string[] {
  const ends: string[] = [];
  edges.forEach((dependencies, index) => {
    const upstream = dependencies.map((dependency) => ends[dependency]);
    const met = {
      all_success: upstream.every((end) => end === "completed"),
      all_done: true,
      one_failed: upstream.length === 0 || upstream.includes("failed"),
    };
    const runs = met[rules[index] ?? "all_success"];
    ends.push(runs ? (failing.has(index) ? "failed" : "completed") : "skipped");
  });
  return ends;
}

/** Those of its dependencies that must have been begun before it, by how they end. */
function before({ edges, rules }: Shape, { index, ends }: { index: number; ends: string[] }) {
  const begun = (edges[index] ?? []).filter((dependency) => ends[dependency] !== "skipped");
  if (rules[index] !== "one_failed") return { all: begun, some: [] };
  return { all: [], some: begun.filter((dependency) => ends[dependency] === "failed") };
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

test("random graphs end as their edges and rules say, each task once and in an order they allow", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const project = newProject();
      const tasks = shape.edges.map((dependencies, index) => ({
        key: `k${index}`,
        task_description: `Do k${index}.`,
        dependencies: dependencies.map((dependency) => `k${dependency}`),
        options: ruleOf(shape, index),
      }));
      await project.ok(createWorkflow, { name: "Any", agent_type: "implementation", tasks });
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
        const seen = new Set(history.slice(0, place));
        const { all, some } = before(shape, { index: number, ends });
        expect(all.filter((dependency) => !seen.has(dependency))).toEqual([]);
        expect(some.length === 0 || some.some((dependency) => seen.has(dependency))).toBe(true);
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
