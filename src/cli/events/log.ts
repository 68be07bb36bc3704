/** Reads the events that there are, and ends. */
import { isAfter } from "../../domain/event.ts";
import type { Connection } from "../connection.ts";
import type { Refused } from "./connect.ts";
import { followStream, type Step, type StreamOptions } from "./stream.ts";

/** The beginning of every log. */
const BEGINNING = "0-0";

/**
 * As `followStream`, up to the entry that is the newest at the beginning. The stream says so when it has told all that
 * there was; whatever else happens meanwhile is not waited for.
 */
export async function* readLog(
  connection: Connection,
  { after, ...options }: StreamOptions,
): AsyncGenerator<Step, Refused | undefined> {
  const newest = await newestOf(connection, options);
  if (typeof newest !== "string") return newest;
  const steps = followStream(connection, { ...options, after: after ?? BEGINNING });
  try {
    for (;;) {
      const { done, value: step } = await steps.next();
      if (done) return step;
      if (step.kind === "events") {
        const events = step.events.filter(({ id }) =>
          // Of what is no longer known before them all, nobody has asked.
          id === undefined ? after !== undefined : !isAfter({ id }, newest),
        );
        yield { kind: "events", events };
        if (step.events.some(({ id }) => id !== undefined && isAfter({ id }, newest))) {
          return undefined;
        }
      } else if (step.kind === "quiet" && step.at !== undefined) {
        if (!isAfter({ id: newest }, step.at)) return undefined;
      }
    }
  } finally {
    await steps.return({ refused: "" });
  }
}

/** The newest entry of the log; undefined where it has none. */
async function newestOf(
  connection: Connection,
  options: StreamOptions,
): Promise<string | Refused | undefined> {
  const steps = followStream(connection, options);
  try {
    const { done, value: step } = await steps.next();
    if (done) return step;
    return step.kind === "start" ? step.at : undefined;
  } finally {
    await steps.return({ refused: "" });
  }
}
