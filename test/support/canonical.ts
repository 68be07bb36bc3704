/** Brings what two projects hold, or what they answered, into one form: without chance, and without orders that mean nothing. */

/** Names under which random values stand. */
const RANDOM = new Set(["check", "lease", "result_blob", "payload_blob"]);

/**
 * JSON texts inside are read, keys sorted, and lease checks, blob names and operation ids left out; so is `held`,
 * which only says that a reply came before.
 */
export function canonical(value: unknown): unknown {
  if (typeof value === "string") return canonicalText(value);
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .filter(([name]) => name !== "held")
    .map(([name, part]): [string, unknown] => [
      name.replace(/^(operation|blob):.*/, "$1"),
      RANDOM.has(name) && typeof part === "string" ? "random" : canonical(part),
    ])
    .map(([name, part]) => ({ order: `${name} ${JSON.stringify(part)}`, pair: { [name]: part } }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ pair }) => pair);
}

function canonicalText(text: string): unknown {
  if (!/^[[{]/.test(text)) return text;
  const parsed: unknown = JSON.parse(text);
  return { json: canonical(parsed) };
}
