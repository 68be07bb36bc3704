/** What a reader of the event stream asks for, from the address and `Last-Event-ID`. */
import { type EventFilter, isEventType, noSuchEvents, parseEventId } from "../../domain/event.ts";
import { parseRunId } from "../../domain/ids.ts";
import { nearest } from "../../domain/nearest.ts";
import { ok, refuse, type Result } from "../../domain/refusal.ts";
import { notFound } from "../../operations/not-found.ts";

export interface EventQuery {
  readonly filter: EventFilter;
  /** The event after which to begin; the next one that happens where absent. */
  readonly after?: string;
}

const KNOWN = ["run_id", "types", "agent_type", "after"];
/** Accepted, not told of. */
const ALSO = ["type"];

export function readEventQuery(request: Request): Result<EventQuery> {
  const { searchParams } = new URL(request.url);
  const unknown = [...searchParams.keys()].find((name) => ![...KNOWN, ...ALSO].includes(name));
  if (unknown !== undefined) {
    const meant = nearest(unknown, KNOWN);
    return refuse(
      "unknown_parameter",
      `No parameter ${unknown.slice(0, 40)}; ${meant ? `did you mean ${meant}?` : `it takes ${KNOWN.join(", ")}.`}`,
    );
  }
  const types = listed(["types", ...ALSO].flatMap((name) => searchParams.getAll(name)));
  const wrong = types.find((type) => !isEventType(type));
  if (wrong !== undefined) {
    return refuse("invalid", `types: ${noSuchEvents(wrong)}`, { parameters: ["types"] });
  }
  const agent_types = listed(searchParams.getAll("agent_type"));
  const run_ids = listed(searchParams.getAll("run_id"));
  const badRun = run_ids.find((id) => parseRunId(id) === undefined);
  if (badRun !== undefined) return notFound("run", badRun);
  // A browser that comes back says where it was; what the address says is older then.
  const after = request.headers.get("last-event-id") ?? searchParams.get("after") ?? undefined;
  if (after !== undefined && after !== "" && !parseEventId(after)) {
    return refuse(
      "invalid",
      "Last-Event-ID must be the id of an event of this stream, as it was given.",
    );
  }
  return ok({
    filter: {
      ...(types.length > 0 && { types }),
      ...(agent_types.length > 0 && { agent_types }),
      ...(run_ids.length > 0 && { run_ids }),
    },
    ...(after && { after }),
  });
}

function listed(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(",")).filter((value) => value !== "");
}
