/** Many agents at once after tasks that want the same things: by the event log never two holders, and nothing is leaked. */
import { expect, test } from "vitest";
import type { z } from "zod";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { sized } from "../support/engine.ts";
import { checkHolders } from "../support/history/holders.ts";
import { factsIn } from "../support/history/facts.ts";
import { type Project, useProjects } from "../support/project.ts";
import { seeded } from "../support/seeded.ts";

const newProject = useProjects();

const AGENTS = 12;
const TASKS = sized(90, 30);
const WANTED: readonly object[] = [
  { locks: ["src/"] },
  { locks: ["src/a", "docs/"] },
  { locks: ["src/a/b"] },
  { locks: ["docs/x", "deploy"] },
  { concurrency_key: "database", concurrency_limit: 2 },
  { concurrency_key: "database", concurrency_limit: 3, locks: ["src/c"] },
  {},
];

/** An agent that ends attempts in every way that a worker has; now and then the process is another one, which knows of
 * no lease. Each call is one turn; it says whether there was anything to do. */
function worker(project: Project, agent_id: string): () => Promise<boolean> {
  const chance = seeded(agent_id);
  let life = 1;
  return async () => {
    const instance = `${agent_id}-${life}`;
    const tasks = await project.poll(agent_id, { max_tasks: 2, instance });
    for (const { lease } of tasks) {
      const way = chance.next();
      if (way < 0.1) {
        // All that it still holds: three losses in a row without a word would be the end of a task.
        await Promise.all(tasks.map((held) => project.call(heartbeat, { lease: held.lease })));
        life += 1;
        break;
      }
      await project.ok(submitResult, { lease, ...outcome(way) });
    }
    return tasks.length > 0;
  };
}

/** All agents work at once until the run ends. What fails and is lost may open the breaker, which only time closes. */
async function workOff(project: Project): Promise<void> {
  const agents = Array.from({ length: AGENTS }, (_, index) => worker(project, `agent-${index}`));
  while ((await project.run("r1")).status === "active") {
    const worked = await Promise.all(agents.map((turn) => turn()));
    if (!worked.includes(true)) project.advance(60);
  }
}

function outcome(way: number): Omit<z.input<typeof submitResult.input>, "lease"> {
  if (way < 0.2) return { status: "released" };
  if (way > 0.3) return { status: "completed" };
  return { status: "failed", error: { message: "Again.", category: "transient" } };
}

test(`${AGENTS} agents take turns over what ${TASKS} tasks lock, and each task is done`, async () => {
  const project = newProject();
  const retry = { max_attempts: 50, initial_seconds: 0 };
  const tasks = Array.from({ length: TASKS }, (_, index) => ({
    key: `k${index}`,
    task_description: "Do it.",
    priority: index % 10,
    options: { retry, ...WANTED[index % WANTED.length] },
  }));
  await project.ok(createWorkflow, { name: "Locked", agent_type: "implementation", tasks });
  await workOff(project);

  const ids = tasks.map((_, index) => `r1t${index + 1}`);
  const records = await Promise.all(ids.map((id) => project.record(id)));
  expect(new Set(records.map(({ status }) => status))).toEqual(new Set(["completed"]));
  const dump = await project.dump();
  const facts = factsIn(dump);
  expect(facts.filter(({ type }) => type === "task.lease_lost").length).toBeGreaterThan(0);
  const made = records.map(({ task_id, title, agent_type, status }, index) =>
    Object.assign({ task_id, title, agent_type, status }, WANTED[index % WANTED.length]),
  );
  const final = { tasks: new Map(made.map((one) => [one.task_id, one])), breakers: [] };
  expect(checkHolders({ calls: [], facts, final, served: [], skew_ms: 0 })).toEqual([]);
  expect(await project.audit()).toEqual([]);
  await project.poll("eve", { agent_type: "testing" });
  const { hashes, sets } = await project.dump();
  expect([hashes["locks"], sets["parked"]]).toEqual([undefined, undefined]);
});
