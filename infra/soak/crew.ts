/** The agents of the soak as processes: started, killed without warning, started again under the same names. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { AgentSetup } from "./agent-setup.ts";

export interface Crew {
  /** Names of those that run. */
  readonly running: () => string[];
  readonly start: (name: string) => void;
  /** Ends it by SIGKILL, at whatever it is just doing. */
  readonly kill: (name: string) => Promise<void>;
  /** Kills all, and starts them again as agents that do what they are given, at once and well. */
  readonly turnFaithful: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const PROGRAM = fileURLToPath(import.meta.resolve("./agent.ts"));

export function startCrew(
  setups: readonly AgentSetup[],
  onComplaint: (line: string) => void,
): Crew {
  const children = new Map<string, ChildProcess>();
  let lives = 0;
  let faithful = false;

  function start(name: string): void {
    const setup = setups.find((one) => one.name === name);
    if (!setup || children.has(name)) return;
    const life = String(++lives);
    const child = spawn(
      process.execPath,
      [PROGRAM, JSON.stringify({ ...setup, life, faithful })],
      // A Ctrl-C is not for it; it ends by itself when this pipe closes, with this process at the latest.
      { detached: true, stdio: ["pipe", "ignore", "pipe"] },
    );
    children.set(name, child);
    let words = "";
    child.stderr?.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-500)));
    child.stdin?.on("error", () => undefined);
    child.once("exit", (code, signal) => {
      if (children.get(name) === child) children.delete(name);
      if (signal !== "SIGKILL" && code !== 0) onComplaint(`${name} ended by itself: ${words}`);
    });
  }

  async function kill(name: string): Promise<void> {
    const child = children.get(name);
    if (!child) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  const stop = async (): Promise<void> => {
    await Promise.all([...children.keys()].map(kill));
  };
  for (const { name } of setups) start(name);
  return {
    running: () => [...children.keys()],
    start,
    kill,
    turnFaithful: async () => {
      await stop();
      faithful = true;
      for (const { name } of setups) start(name);
    },
    stop,
  };
}
