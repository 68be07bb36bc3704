/** Follows a run at the terminal, until it ends or Ctrl-C says that somebody has seen enough. */
import { type Api, Unreachable } from "../api.ts";
import { complain, EXIT, type ExitCode, misused, say } from "../command.ts";
import { createTerminal } from "../terminal.ts";
import { untilStopped } from "../stopped.ts";
import { followRun } from "./follow.ts";

export async function untilEnded(
  api: Api,
  { run_id, nameOf }: { run_id: string; nameOf?: (task_id: string) => string | undefined },
): Promise<ExitCode> {
  const terminal = createTerminal(process.stdout, process.env);
  const enough = untilStopped();
  try {
    const followed = await followRun(api, {
      run_id,
      terminal,
      signal: enough,
      ...(nameOf && { nameOf }),
    });
    if (!followed.ok) return misused(followed.refusal.message);
    return followed.value.status === "completed" ? EXIT.done : EXIT.failed;
  } catch (error) {
    terminal.end();
    const goesOn = `${run_id} goes on without being watched. Watch it again with: npx baton wait ${run_id}`;
    if (enough.aborted) {
      say(goesOn);
      return EXIT.interrupted;
    }
    if (!(error instanceof Unreachable)) throw error;
    complain(`${error.message}\n${goesOn}`);
    return EXIT.unreachable;
  }
}
