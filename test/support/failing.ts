/** Work that fails until a circuit breaker opens. */
import { expect } from "vitest";
import type { Category } from "../../src/domain/failure.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { listAgents } from "../../src/operations/list-agents.ts";
import type { Project } from "./project.ts";

/** Options of a task that one failure ends, so that it does not come back by itself. */
export const ONCE = { options: { retry: { max_attempts: 1 } } };

/** That many distinct tasks fail, each by an agent of its own. */
export async function failTasks(
  project: Project,
  count: number,
  category: Category = "internal",
): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    await project.task({ priority: 0, ...ONCE });
    const { lease } = await project.claim(`failing-${project.now()}-${nth}`);
    await project.fail(lease, { category });
  }
}

export async function succeed(project: Project, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    await project.task({ priority: 0 });
    await project.complete((await project.claim("able")).lease);
  }
}

/** The breaker as `list_agents` shows it. */
export async function breakerOf(project: Project, of = "type:implementation"): Promise<unknown> {
  expect(await project.audit()).toEqual([]);
  const { breakers = [] } = await project.ok(listAgents, {});
  return breakers.find((breaker) => breaker.of === of);
}

/** Opens the breaker of the type, and leaves a task that waits because of it. */
export async function openBreaker(project: Project): Promise<Project> {
  await failTasks(project, LIMITS.breaker_failures);
  await project.task();
  return project;
}
