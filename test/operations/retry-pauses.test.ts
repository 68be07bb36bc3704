/** How long a task waits before its next attempt. */
import { describe, expect, test } from "vitest";
import { DEFAULT_RETRY } from "../../src/domain/failure.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const LIKE_DEFAULT: { initial_seconds: number; factor: number; max_seconds: number } =
  DEFAULT_RETRY;

/** Seconds until the next attempt; the task must be scheduled. */
async function pause(project: Project, task_id = "r1t1"): Promise<number> {
  const { status, start_at = 0 } = await project.record(task_id);
  expect(status).toBe("scheduled");
  return (start_at - project.now()) / 1000;
}

/** Seconds before the attempt that follows the nth failure, were there no jitter. */
function backoff(nth: number, policy: Partial<typeof LIKE_DEFAULT> = {}): number {
  const { initial_seconds, factor, max_seconds } = { ...LIKE_DEFAULT, ...policy };
  return Math.min(max_seconds, initial_seconds * factor ** (nth - 1));
}

describe("the pause", () => {
  const policies: (Partial<typeof LIKE_DEFAULT> & { max_attempts: number })[] = [
    { max_attempts: 9 },
    { max_attempts: 6, initial_seconds: 5, factor: 3, max_seconds: 100 },
    { max_attempts: 4, initial_seconds: 30, factor: 1 },
  ];

  test.each(policies)(
    "grows as %j says, to the millisecond where there is no jitter",
    async (given) => {
      const project = newProject();
      await project.task({ options: { retry: { ...given, jitter: "none" } } });
      for (let nth = 1; nth < given.max_attempts; nth++) {
        const { lease } = await project.claim(`agent-${nth}`);
        await project.fail(lease, { category: "dependency" });
        const seconds = await pause(project);
        expect(seconds).toBe(backoff(nth, given));
        project.advance(seconds - 0.001);
        expect(await project.poll("early")).toEqual([]);
        project.advance(0.001);
      }
    },
  );

  test("of nothing is no pause: the task is ready again with the same call", async () => {
    const project = newProject();
    await project.task({ options: { retry: { initial_seconds: 0 } } });
    await project.fail((await project.claim("ada")).lease);
    expect((await project.claim("bob")).lease).toMatch("r1t1.2.");
    expect(await project.audit()).toEqual([]);
  });

  test("is drawn between zero and that with full jitter, which is the default", async () => {
    const project = newProject();
    const run = await project.graph(
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, []])),
    );
    for (let turn = 0; turn < 6; turn++) {
      for (const { lease } of await project.poll("ada", { max_tasks: 10 })) {
        await project.fail(lease, { category: "dependency" });
      }
    }
    const ids = Array.from({ length: 60 }, (_, index) => `${run}t${index + 1}`);
    const pauses = await Promise.all(ids.map((id) => pause(project, id)));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(backoff(1));
    // Sixty draws that all fall into one half would be a wonder.
    expect(Math.min(...pauses)).toBeLessThan(backoff(1) / 2);
    expect(Math.max(...pauses)).toBeGreaterThan(backoff(1) / 2);
    expect(new Set(pauses).size).toBeGreaterThan(50);
    expect(await project.audit()).toEqual([]);
  });

  test("is at least what the failure asks for", async () => {
    const project = newProject();
    await project.task({ options: { retry: { jitter: "none" } } });
    await project.fail((await project.claim("ada")).lease, { retry_after_seconds: 120 });
    expect(await pause(project)).toBe(120);
    project.advance(120);
    await project.fail((await project.claim("ada")).lease, { retry_after_seconds: 1 });
    expect(await pause(project)).toBe(backoff(2));
  });
});

describe("rate_limited", () => {
  const limited = { category: "rate_limited", retry_after_seconds: 5 } as const;

  test("is tolerated fifty times beside all attempts, and not for ever", async () => {
    const project = newProject();
    const id = await project.task({ options: { retry: { max_seconds: 5, jitter: "none" } } });
    for (let nth = 1; nth <= LIMITS.rate_limits; nth++) {
      const { lease } = await project.claim("ada");
      expect(await project.fail(lease, limited)).toMatchObject({ status: "scheduled" });
      project.advance(5);
    }
    const { failures, rate_limits, attempts } = await project.record(id);
    expect({ failures, rate_limits }).toEqual({ rate_limits: 50 });
    expect(attempts).toHaveLength(LIMITS.attempts_kept);
    expect(await project.fail((await project.claim("ada")).lease, limited)).toMatchObject({
      status: "failed",
    });
    expect(await project.record(id)).toMatchObject({ error_code: "rate_limited", attempt: 51 });
    expect(await project.audit()).toEqual([]);
  });

  test("leaves all attempts to other failures", async () => {
    const project = newProject();
    await project.task({ options: { retry: { max_attempts: 2, jitter: "none" } } });
    const answers: string[] = [];
    for (const category of ["rate_limited", "transient", "rate_limited", "transient"] as const) {
      const { lease } = await project.claim("ada");
      answers.push((await project.fail(lease, { category })).status);
      project.advance(600);
    }
    expect(answers).toEqual(["scheduled", "scheduled", "scheduled", "failed"]);
  });

  test("ends at the deadline", async () => {
    const project = newProject();
    const deadline = new Date(project.now() + 60_000).toISOString();
    await project.task({ options: { deadline, retry: { jitter: "none" } } });
    const answer = await project.fail((await project.claim("ada")).lease, {
      ...limited,
      retry_after_seconds: 60,
    });
    expect(answer.status).toBe("failed");
    expect(await project.record("r1t1")).toMatchObject({ error_code: "rate_limited" });
  });
});
