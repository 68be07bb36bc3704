/** Starts the demo's agents, each a process of its own, and hears what they report. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AgentSetup, Cue, Report } from "./agents/messages.ts";
import { report as reportSchema } from "./agents/messages.ts";

export type Role = "orchestrator" | "planning" | "implementation" | "testing";

export interface Agent {
  readonly setup: AgentSetup;
  readonly role: Role;
  readonly cue: (cue: Cue["cue"]) => void;
  /** kill -9: the process gets no chance to say anything to anybody. */
  readonly kill: () => Promise<void>;
}

export interface AgentListener {
  readonly onReport: (report: Report) => void;
  /** The process ended although nobody killed it; `complaint` is what it wrote last. */
  readonly onCrash: (complaint: string) => void;
}

const PROGRAMS: Readonly<Record<Role, string>> = {
  orchestrator: import.meta.resolve("./agents/orchestrator.ts"),
  planning: import.meta.resolve("./agents/planning.ts"),
  implementation: import.meta.resolve("./agents/implementation.ts"),
  testing: import.meta.resolve("./agents/testing.ts"),
};
const COMPLAINT_LENGTH = 2_000;

/**
 * The process is detached so that a Ctrl-C in the terminal reaches the demo alone, which then ends its agents; if the demo
 * itself is killed, they notice and end themselves.
 */
export function startAgent(about: {
  readonly role: Role;
  readonly setup: AgentSetup;
  readonly listener: AgentListener;
}): Agent {
  const { role, setup, listener } = about;
  const child = fork(fileURLToPath(PROGRAMS[role]), [JSON.stringify(setup)], {
    detached: true,
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaint = "";
  let killed = false;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = `${complaint}${text}`.slice(-COMPLAINT_LENGTH);
  });
  child.on("message", (message) => {
    if (!killed) listener.onReport(reportSchema.parse(message));
  });
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      complaint += error.message;
      resolve();
    });
    child.once("close", () => resolve());
  });
  void ended.then(() => {
    if (!killed) listener.onCrash(complaint.trim());
  });
  return {
    setup,
    role,
    cue: (cue) => {
      child.send({ cue } satisfies Cue);
    },
    kill: () => {
      killed = true;
      child.kill("SIGKILL");
      return ended;
    },
  };
}
