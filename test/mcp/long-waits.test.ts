/** A long wait on the wire, in a time that the test moves: kept company until its cap, and then over. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useProjects } from "../support/project.ts";
import { APP_URL, fetchOf } from "../support/project-app.ts";

const newProject = useProjects({ clock: "real" });
vi.spyOn(console, "log").mockImplementation(() => undefined);

afterEach(() => {
  vi.useRealTimers();
});

const STEP_SECONDS = 10;
const TIMERS = ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;

interface Case {
  readonly tool: string;
  readonly role: "worker" | "orchestrator";
  readonly args: object;
}

const CASES: readonly Case[] = [
  { tool: "poll_tasks", role: "worker", args: { agent_id: "ada", agent_type: "testing" } },
  { tool: "wait_for_tasks", role: "orchestrator", args: { run_id: "r1" } },
];

const soon = () => new Promise((resolve) => setImmediate(() => resolve("not yet")));

/** Until it holds; no time passes meanwhile. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await soon();
}

describe.each(ERAS)("for a client of %s", (era) => {
  test.each(CASES)(
    "a wait of a day in $tool is told of each ten seconds, ends after its cap, and says what to do next",
    async ({ tool, role, args }) => {
      const project = newProject();
      await project.task();
      await project.claim("bob");
      const { call } = await openMcpClient({
        era,
        url: APP_URL,
        key: `btn_test_${role}`,
        fetch: fetchOf(project),
      });
      // Redis has the scripts then, and is sent none of them again.
      await call(tool, { ...args, wait_seconds: 0 });

      vi.useFakeTimers({ toFake: [...TIMERS] });
      project.upstash.stats.reset();
      const reports: number[] = [];
      const answer = call(
        tool,
        { ...args, wait_seconds: 86_400 },
        { timeout: 86_400_000, onprogress: ({ progress }) => reports.push(progress) },
      );
      // A look, the subscription, and the look once it is heard.
      await until(() => project.upstash.stats.snapshot().httpRequests >= 3);
      const seconds = LIMITS.wait_seconds_cap_with_progress;
      for (let step = 1; step < seconds / STEP_SECONDS; step++) {
        await vi.advanceTimersByTimeAsync(STEP_SECONDS * 1_000);
        await until(() => reports.length >= step);
      }
      expect(await Promise.race([answer, soon()])).toBe("not yet");
      await vi.advanceTimersByTimeAsync(STEP_SECONDS * 1_000);
      expect((await answer).content).toMatchObject({
        timed_out: true,
        next: expect.stringContaining(tool),
      });
      const steps = reports.map((report, index) => report - (reports[index - 1] ?? 0));
      expect(Math.max(...steps)).toBeLessThanOrEqual(15);
      expect(reports.at(-1)).toBeGreaterThan(seconds - 15);
    },
  );
});
