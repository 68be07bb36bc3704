/** An agent's link to the process that started it: its setup, its reports, its cue. When that process ends, so does it. */
import type { AgentSetup, Report } from "./messages.ts";
import { agentSetup, cue } from "./messages.ts";

export interface StarterLink {
  readonly setup: AgentSetup;
  readonly report: (report: Report) => void;
  /** The next cue. */
  readonly awaitCue: () => Promise<"go" | "freeze">;
}

export function linkToStarter(): StarterLink {
  process.on("disconnect", () => process.exit(0));
  return {
    setup: agentSetup.parse(JSON.parse(process.argv[2] ?? "")),
    report: (report) => {
      process.send?.(report);
    },
    awaitCue: () =>
      new Promise((resolve) => {
        process.once("message", (message) => resolve(cue.parse(message).cue));
      }),
  };
}
