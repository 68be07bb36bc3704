/** What came of a callback. */
import type { LogFields } from "../../observability/log.ts";

type Told =
  | "projects"
  | "swept"
  | "removed"
  | "overdue_ms"
  | "deliveries"
  | "project"
  | "delivery_id"
  | "delivery";

/** Done, with what the log and the answer say; to be sent again after so many seconds; or refused for good. */
export type Outcome =
  | { readonly done: Pick<LogFields, Told> }
  | { readonly later: number }
  | { readonly never: "malformed" | "unknown_project" };
