/** The values that a goal's functions take and give, and their kinds. */

export type Kind = "text" | "number" | "truth" | "texts" | "numbers";

export type Value = string | number | boolean | readonly string[] | readonly number[];

/** The kind of a JSON value, `empty` for a list without items (it fits both kinds of list), nothing for any other value. */
function kindOf(value: unknown): Kind | "empty" | undefined {
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "truth";
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  if (items.length === 0) return "empty";
  if (items.every((item) => typeof item === "string")) return "texts";
  return items.every((item) => typeof item === "number") ? "numbers" : undefined;
}

/** The one kind that all of `values` have; nothing if there is none. Lists that are all empty count as texts. */
export function commonKind(values: readonly unknown[]): Kind | undefined {
  const kinds = new Set(values.map(kindOf));
  const hadEmpty = kinds.delete("empty");
  if (kinds.size === 0) return hadEmpty ? "texts" : undefined;
  const [kind] = kinds;
  if (kinds.size > 1 || kind === undefined || kind === "empty") return undefined;
  return hadEmpty && kind !== "texts" && kind !== "numbers" ? undefined : kind;
}

export function isValue(value: unknown): value is Value {
  return kindOf(value) !== undefined;
}
