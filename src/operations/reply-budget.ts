/** Keeps a reply readable for a model: sizes in bytes of UTF-8, which follow tokens in every script. */
import { bytesOf } from "./text.ts";

const encoder = new TextEncoder();

/** Bytes of a value as it goes out. */
export function sizeOf(value: unknown): number {
  return bytesOf(JSON.stringify(value) ?? "");
}

/** The longest beginning of `text` that has at most so many bytes; it never ends within a character. */
export function cutText(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(Math.max(0, Math.floor(bytes))));
  return text.slice(0, read);
}

/** As many items from the front as fit into so many bytes, but at least one. */
export function fitting<T>(items: readonly T[], bytes: number): T[] {
  let left = bytes;
  const end = items.findIndex((item) => (left -= sizeOf(item) + 1) < 0);
  return items.slice(0, end === -1 ? undefined : Math.max(1, end));
}
