/** The demo from start to end: a stack, five agents in their own processes, one of them killed at work, and what came of it. */
import type { Stack } from "../local/stack.ts";
import type { AgentSetup, Report } from "./agents/messages.ts";
import { emptyBoard, note } from "./board.ts";
import type { Board, Happening } from "./board.ts";
import { startAgent } from "./crew.ts";
import type { Agent, Role } from "./crew.ts";
import type { Goal } from "./goal/goal.ts";

export interface DemoOptions {
  readonly goal: Goal;
  readonly goalFile: string;
  readonly workspace: string;
  readonly stack: Pick<Stack, "mcpUrl" | "keys">;
  readonly onHappening: (happening: Happening, board: Board) => void;
}

export interface RunningDemo {
  /** Resolves when the Orchestrator has reported; rejects when the demo cannot go on. */
  readonly finished: Promise<Board>;
  /** Ends all agents. */
  readonly stop: () => Promise<void>;
}

/** A killed worker's task is free again after this: the shortest lease that Baton grants. */
const LEASE_SECONDS = 5;
const PACE_MS = 250;
const TIME_LIMIT_MS = 110_000;

/** Both generations of MCP take part. */
const ERA_OF = {
  orchestrator: "2026-07-28",
  planning: "2026-07-28",
  implementation: "2026-07-28",
  testing: "2025-11-25",
} as const;

export function runDemo(options: DemoOptions): RunningDemo {
  const board = emptyBoard();
  const agents = new Set<Agent>();
  let stopped = false;
  const finish = Promise.withResolvers<Board>();
  const timer = setTimeout(() => {
    finish.reject(new Error(`Not done after ${TIME_LIMIT_MS / 1000} s.`));
  }, TIME_LIMIT_MS);

  const happened = (agent: string, what: Happening["happened"]) => {
    const happening: Happening = { agent, happened: what };
    note(board, happening);
    options.onHappening(happening, board);
  };

  /** Resolves when the agent is connected. */
  const start = (role: Role, agent_id: string): Promise<void> => {
    const ready = Promise.withResolvers<void>();
    const setup = setupOf({ role, agent_id, options });
    happened(agent_id, { event: "started", role });
    const agent = startAgent({
      role,
      setup,
      listener: {
        onReport: (report) => {
          happened(agent_id, report);
          if (report.event === "ready") ready.resolve();
          if (report.event === "outcome") finish.resolve(board);
          if (report.event === "claimed" && setup.cued) agent.cue(cueFor());
          if (report.event === "frozen") void replace(agent, report);
        },
        onCrash: (complaint) => {
          const error = new Error(
            `${agent_id} ended unexpectedly: ${complaint || "without a word"}`,
          );
          ready.reject(error);
          finish.reject(error);
        },
      },
    });
    agents.add(agent);
    return ready.promise;
  };

  // Whoever takes the second function freezes in the middle of it: by then all know the library's first one, and
  // another implementer is there to see that the rest goes on.
  const victimClaim = Math.min(2, options.goal.functions.length);
  let claims = 0;
  const cueFor = () => (++claims === victimClaim ? "freeze" : "go");

  const replace = async (agent: Agent, { task_id }: Extract<Report, { event: "frozen" }>) => {
    await agent.kill();
    agents.delete(agent);
    if (stopped) return;
    happened(agent.setup.agent_id, { event: "killed", task_id });
    await start("implementation", "implement-c").catch(finish.reject);
  };

  const begin = async () => {
    await Promise.all([
      start("planning", "plan"),
      start("implementation", "implement-a"),
      start("implementation", "implement-b"),
      start("testing", "test"),
    ]);
    if (!stopped) await start("orchestrator", "orchestrate");
  };
  begin().catch(finish.reject);

  return {
    finished: finish.promise.finally(() => clearTimeout(timer)),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await Promise.all([...agents].map((agent) => agent.kill()));
    },
  };
}

function setupOf(about: { role: Role; agent_id: string; options: DemoOptions }): AgentSetup {
  const { role, agent_id, options } = about;
  const { stack, workspace, goalFile } = options;
  return {
    agent_id,
    mcp_url: stack.mcpUrl,
    key: role === "orchestrator" ? stack.keys.orchestrator : stack.keys.worker,
    era: ERA_OF[role],
    workspace,
    lease_seconds: LEASE_SECONDS,
    pace_ms: PACE_MS,
    cued: role === "implementation",
    ...(role === "orchestrator" ? { goal_file: goalFile } : {}),
  };
}
