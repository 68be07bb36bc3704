/** Starts `test/worker/agent.ts` as a process, and reads the leases that it gets. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { AgentSetup } from "../worker/agent.ts";

export interface AgentProcess {
  /** Lets it poll. */
  readonly start: () => void;
  /** The next lease that it got, or undefined when it has ended. */
  readonly nextLease: () => Promise<string | undefined>;
  /** Ends it by SIGKILL, which leaves it no chance to say anything. */
  readonly kill: () => Promise<void>;
}

/** Settles when the agent is connected. It ends with the test at the latest. */
export async function startAgentProcess(setup: AgentSetup): Promise<AgentProcess> {
  const program = join(import.meta.dirname, "..", "worker", "agent.ts");
  const child = spawn(process.execPath, [program, JSON.stringify(setup)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exit;
  };
  onTestFinished(kill);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => (await lines.next()).value;
  const first = await nextLine();
  if (first !== "connected")
    throw new Error(`${setup.agent_id} did not connect: ${first ?? "it ended"}`);
  return { start: () => child.stdin.write("start\n"), nextLease: nextLine, kill };
}
