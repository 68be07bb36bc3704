/** Waits for the end of a run with a key that may read it and not steer it, such as a worker's: by the run's events. */
import { refuse, type Result } from "../../domain/refusal.ts";
import { createApi } from "../api.ts";
import type { Connection } from "../connection.ts";
import { followStream } from "../events/stream.ts";
import { readRun, type RunView } from "../follow/run-view.ts";
import { patiently } from "../patience.ts";

export interface RunEndOptions {
  readonly run_id: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const TYPES = "run.completed,run.failed,run.cancelled";

/** The run as it ended. Throws `Unreachable` when the server stays away, and when `signal` fires. */
export async function untilRunEnds(
  connection: Connection,
  { run_id, signal, say }: RunEndOptions,
): Promise<Result<RunView>> {
  const api = createApi(connection);
  const steps = followStream(connection, { query: { run_id, types: TYPES }, signal, say });
  try {
    for (;;) {
      const { done, value: step } = await steps.next();
      if (done) return refuse("invalid", step.refused);
      // It may have ended before the stream was open; and it may have been taken up again since.
      if (step.kind === "quiet") continue;
      const run = await patiently({ say, signal }, () => readRun(api, run_id, { signal }));
      if (!run.ok || run.value.status !== "active") return run;
    }
  } finally {
    await steps.return({ refused: "" });
  }
}
