/** `npx baton events`: what happened, and with `--follow` what happens, a line for each event. */
import { parseEventId } from "../../domain/event.ts";
import { defineCommand, EXIT, misused } from "../command.ts";
import { CONNECTION_FLAGS, findConnection } from "../connection.ts";
import type { Refused } from "../events/connect.ts";
import { jsonOf, lineOf } from "../events/line.ts";
import { readLog } from "../events/log.ts";
import { followStream, type Step } from "../events/stream.ts";
import { untilStopped } from "../stopped.ts";
import { tellOnTerminal } from "../terminal.ts";

const FLAGS = {
  follow: { help: "go on with events as they happen, until Ctrl-C; without --after only those" },
  run: { value: "RUN", help: "only of this run, such as r12 (several with commas)" },
  types: { value: "TYPES", help: "only these, such as task.failed,run.* (default: all)" },
  "agent-type": { value: "TYPE", help: "only of tasks for this agent type" },
  after: { value: "ID", help: "begin after this event, whose id --json prints" },
  json: { help: "JSON lines, with the ids that --after takes" },
  ...CONNECTION_FLAGS,
} as const;

const ABOUT = `Prints the events of the project that the server's log has, each once and in order, and ends; with --follow it prints
them as they happen, and goes on by itself when the server was away. What the log no longer has is told as a gap. Any key
will do. Exit codes: 0 all is printed, 2 the call is wrong, 3 the server cannot be reached or was away for ten minutes, 130
Ctrl-C.`;

export const events = defineCommand({
  name: "events",
  takes: [],
  summary: "print what happened, or with --follow what happens",
  about: ABOUT,
  flags: FLAGS,
  run: async (_, values) => {
    const connection = await findConnection({ flags: values, env: process.env, anyKey: true });
    if (!connection.ok) return misused(connection.refusal.message);
    const { run, types, "agent-type": agent_type, after } = values;
    if (after !== undefined && !parseEventId(after)) {
      return misused("--after takes the id of an event, such as --json prints.");
    }
    const stopped = untilStopped();
    const read = values.follow ? followStream : readLog;
    const steps: AsyncGenerator<Step, Refused | undefined> = read(connection.value, {
      query: {
        ...(run !== undefined && { run_id: run }),
        ...(types !== undefined && { types }),
        ...(agent_type !== undefined && { agent_type }),
      },
      after,
      signal: stopped,
      say: tellOnTerminal,
    });
    const textOf = values.json ? jsonOf : lineOf;
    try {
      for (;;) {
        const { done, value: step } = await steps.next();
        if (done) return step ? misused(step.refused) : EXIT.done;
        if (step.kind === "events" && !(await print(step.events.map(textOf)))) return EXIT.done;
      }
    } catch (error) {
      if (stopped.aborted) return EXIT.interrupted;
      throw error;
    } finally {
      await steps.return({ refused: "" });
    }
  },
});

/** Waits until the lines are taken; false when nobody reads any more, as behind `| head`. */
function print(lines: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.once("error", () => resolve(false));
    process.stdout.write(lines.map((line) => `${line}\n`).join(""), (error) => {
      process.stdout.removeAllListeners("error");
      resolve(!error);
    });
  });
}
