// Cuts a list into pages: the cursor is the position of the last item shown.

import { badRequest } from "./api-error.ts";
import { readWhole } from "./filters.ts";

type Positioned = { readonly position: number };

/** Without a cursor in the answer there is no further page. */
export type Page<T> = { readonly items: readonly T[]; readonly cursor?: string };

const largest = 100;

/** `items` come with falling positions (newest first). At most `count` (100) are shown. */
export function pageOf<T extends Positioned>(items: readonly T[], query: URLSearchParams): Page<T> {
  const count = Math.min(readWhole(query, "count") ?? largest, largest);
  if (count < 1) throw badRequest("count must be at least 1");
  const after = readWhole(query, "cursor") ?? Number.POSITIVE_INFINITY;
  const rest = items.filter((item) => item.position < after);
  const shown = rest.slice(0, count);
  const last = shown.at(-1);
  if (last === undefined || rest.length === shown.length) return { items: shown };
  return { items: shown, cursor: String(last.position) };
}
