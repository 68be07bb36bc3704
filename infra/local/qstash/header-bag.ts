// Headers of a publish: lower-case names, every value that came.

export type HeaderBag = Readonly<Record<string, readonly string[]>>;

/** The first value of a header that is there and not blank. `name` is in lower case. */
export function firstValue(bag: HeaderBag, name: string): string | undefined {
  const value = bag[name]?.[0]?.trim();
  return value === "" ? undefined : value;
}

/** Takes the headers that start with `prefix`, under their names without it. */
export function withoutPrefix(bag: HeaderBag, prefix: string): HeaderBag {
  const found: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(bag)) {
    if (name.startsWith(prefix) && name.length > prefix.length) {
      found[name.slice(prefix.length)] = values;
    }
  }
  return found;
}

export function bagOf(record: Readonly<Record<string, string>>): HeaderBag {
  const bag: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(record)) bag[name.toLowerCase()] = [value];
  return bag;
}

/** Spells a header name as Go does, which QStash is written in: `x-my-id` becomes `X-My-Id`. */
export function canonicalName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}
