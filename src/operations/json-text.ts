/** JSON that arrives as text where a value is due, and values that are deeper than is good for anybody. */

/**
 * Deepest nesting of a value. JSON of a megabyte can be half a million levels deep, which overflows the stack of
 * everything that walks it; the JSON library inside Redis stops at 1,000.
 */
export const DEEPEST = 64;

/** The object or list that `value` is the JSON text of; anything else unchanged. */
export function parseText(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  return parsedIf(isCompound, value);
}

export function parsedIf(fits: (value: unknown) => boolean, value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return fits(parsed) ? parsed : value;
  } catch {
    return value;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCompound(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

export function isNumber(value: unknown): boolean {
  return typeof value === "number";
}

export function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

/**
 * The same value with half a surrogate pair in any string replaced: as an escape it would go out to other clients, and
 * strict JSON readers refuse the whole reply. Not deeper than `DEEPEST`, which is checked before.
 */
export function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name.toWellFormed(), wellFormed(part)]),
  );
}

/** Walks level by level, without recursion. */
export function tooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((part) => (isCompound(part) ? Object.values(part) : []));
  }
  return false;
}
