/**
 * Locks are names, or paths where `src/` covers all below it. Who holds them is listed under nodes, so that a claim sees
 * from a few fields of one hash whether anything overlaps. `locks.lua` has the same rules.
 */
import { LIMITS } from "./limits.ts";

export interface Slots {
  readonly locks?: readonly string[] | undefined;
  readonly concurrency_key?: string | undefined;
}

/** Without empty and `.` segments, so that one path has one spelling; undefined where it is no path or name. */
export function readLock(text: string): string | undefined {
  const given = text.normalize("NFC").trim();
  const segments = given.split("/").filter((segment) => segment !== "" && segment !== ".");
  const lock = segments.join("/") + (/\/\.?$/.test(given) ? "/" : "");
  const odd = segments.includes("..") || CONTROL.test(lock);
  const fits = lock.length <= LIMITS.lock_length && segments.length <= LIMITS.lock_depth;
  return segments.length > 0 && !odd && fits ? lock : undefined;
}

/** What no name of a lock or a key may hold: lists of waiters are divided by one of them. */
export const CONTROL = /\p{Cc}/u;

export function covers(lock: string, other: string): boolean {
  return lock === other || (lock.endsWith("/") && `${other}/`.startsWith(lock));
}

export function overlap(one: string, other: string): boolean {
  return covers(one, other) || covers(other, one);
}

/** Sorted, each once, and without those that another one covers. */
export function distinctLocks(locks: readonly string[]): string[] {
  const distinct = [...new Set(locks)].toSorted();
  return distinct.filter((lock) => !distinct.some((by) => by !== lock && covers(by, lock)));
}

/** The nodes under which a task with these is listed: `=` each lock, `<` each directory above it, `#` its key. */
export function ownNodes({ locks = [], concurrency_key }: Slots): string[] {
  const own = locks.flatMap((lock) => [`=${lock}`, ...above(lock).map((path) => `<${path}`)]);
  return [...new Set(own), ...keyNode(concurrency_key)];
}

/** The nodes under which everything is listed that these overlap, in the order in which a claim looks at them. */
export function metNodes({ locks = [], concurrency_key }: Slots): string[] {
  const met = locks.flatMap((lock) => [
    ...above(lock).map((path) => `=${path}`),
    `=${lock}`,
    ...(lock.endsWith("/") ? [`<${lock}`] : []),
  ]);
  return [...new Set(met), ...keyNode(concurrency_key)];
}

function keyNode(key: string | undefined): string[] {
  return key === undefined ? [] : [`#${key}`];
}

/** The directories that cover it, the widest first. */
function above(lock: string): string[] {
  const segments = lock.split("/");
  const count = lock.endsWith("/") ? segments.length - 2 : segments.length;
  return Array.from({ length: count }, (_, index) => `${segments.slice(0, index + 1).join("/")}/`);
}
