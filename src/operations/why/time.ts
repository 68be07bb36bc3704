/** A time that has to come: a start time, or the end of a pause after a failure. */
import { type Explain, seconds } from "./cause.ts";

export const time: Explain = (task, { now }) => {
  if (task.status !== "scheduled") return undefined;
  const left = seconds((task.start_at ?? now) - now);
  const last = task.attempts?.at(-1);
  const pause =
    last && last.outcome !== "released"
      ? ` The pause follows attempt ${last.attempt}, which ${last.outcome === "failed" ? "failed" : "ran too long"}.`
      : "";
  return { why: "time", subject: "time", text: `Starts in ${left} s.${pause}` };
};
