/** Any sequence of calls by several agents while time passes: all that is stored fits together after each of them. */
import * as fc from "../support/fast-check.ts";
import { expect, test } from "vitest";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { tick } from "../../src/operations/tick.ts";
import { type Project, useProjects } from "../support/project.ts";
import { RandomCallers } from "../support/random-callers.ts";
import { anyStep } from "../support/random-steps.ts";

const newProject = useProjects();

/** Everything that still can end does, once an agent does nothing but work. */
async function drain(project: Project): Promise<void> {
  await project.ok(setBreaker, { agent_type: "implementation", state: "closed" });
  for (let turn = 0; turn < 200; turn++) {
    project.advance(120);
    await tick(project.store);
    const tasks = await project.poll(`last-${turn}`, { max_tasks: 10 });
    for (const { lease } of tasks) await project.complete(lease);
    const runs = Object.values((await project.dump()).hashes).flatMap((fields) =>
      Object.values(fields).filter((text) => text.includes('"status":"active"')),
    );
    if (runs.length === 0) return;
  }
  throw new Error("something waits for ever");
}

/** What is left of work after everything was kept for long enough. */
async function leftOvers(project: Project): Promise<string[]> {
  // Twice: what ended while retention put others back may be due later.
  for (let month = 0; month < 3; month++) {
    project.advance(31 * 86_400);
    await tick(project.store);
    while ((await project.store.retire()) > 0) expect(await project.audit()).toEqual([]);
  }
  const { hashes, sets, strings } = await project.dump();
  const keys = [...Object.keys(hashes), ...Object.keys(sets), ...Object.keys(strings)];
  return keys.filter((key) => !/^(control|state|state_names|operation:.*)$/.test(key));
}

const RUNS = Number(process.env["RUNS"] ?? 20);

test(
  "nothing that is stored ever contradicts itself, everything ends, and is removed in the end",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 30, maxLength: 90 }), async (steps) => {
        const project = newProject();
        const callers = new RandomCallers(project);
        for (const step of steps) {
          await callers.take(step);
          expect(await project.audit()).toEqual([]);
        }
        await drain(project);
        expect(await project.audit()).toEqual([]);
        const kept = await callers.kept();
        for (const [task, lease] of callers.accepted) {
          if (!kept.includes(task)) continue;
          const { status, attempts = [] } = await project.record(task);
          expect(status).toBe("completed");
          expect(attempts.at(-1)).toMatchObject({
            check: lease.split(".")[2],
            outcome: "completed",
          });
        }
        expect(await leftOvers(project)).toEqual([]);
      }),
      // Shrinking so long a sequence takes minutes: ask for it with the seed that is printed.
      { numRuns: RUNS, endOnFailure: process.env["SHRINK"] === undefined },
    );
  },
  60_000 + RUNS * 6_000,
);
