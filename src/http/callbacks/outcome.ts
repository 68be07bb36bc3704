/** What came of a callback. */
import type { LogFields } from "../../observability/log.ts";

/** Done, with what the log and the answer say; or refused, since it can never work. */
export type Outcome =
  | { readonly done: Pick<LogFields, "projects" | "swept" | "removed" | "overdue_ms" | "project"> }
  | { readonly never: "malformed" | "unknown_project" };
