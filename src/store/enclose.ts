/**
 * Joins chunks so that what only one of them names stays inside it: Lua allows 200 local variables at a time, and the
 * chunks of a script have more. Names are compared as words, so that one in a comment counts as used; what is declared at
 * the top level of a chunk stands at the beginning of its line, and nothing else does.
 */

interface Chunk {
  readonly text: string;
  readonly words: ReadonlySet<string>;
  /** Declared at its top level; several in one statement stay together. */
  readonly declared: readonly (readonly string[])[];
}

const known = new Map<string, Chunk>();

/** `source` comes last, and its own names stay where they are. */
export function join(chunks: readonly string[], source: string): string {
  const parts = [...chunks, source].map(read);
  return parts
    .map((part, index) => (index < chunks.length ? enclose(part, parts.slice(index + 1)) : source))
    .join("\n");
}

function read(text: string): Chunk {
  const before = known.get(text);
  if (before) return before;
  const declared = [...text.matchAll(DECLARATION)].map(([, name, names = ""]) =>
    name === undefined ? names.split(", ") : [name],
  );
  const chunk = { text, words: new Set(text.match(/\w+/g)), declared };
  known.set(text, chunk);
  return chunk;
}

const DECLARATION = /^local (?:function (\w+)|((?!function )\w+(?:, \w+)*)(?= =|$))/gm;

function enclose({ text, declared }: Chunk, later: readonly Chunk[]): string {
  const shared = new Set(
    declared
      .filter((names) => names.some((name) => later.some(({ words }) => words.has(name))))
      .flat(),
  );
  if (shared.size === declared.flat().length) return text;
  const inside = text.replaceAll(DECLARATION, (all, name?: string, names?: string) => {
    if (!shared.has(name ?? names?.split(", ")[0] ?? "")) return all;
    return name === undefined ? `${names}` : `function ${name}`;
  });
  // A name that is declared without a value would stand alone in a line, which is no statement.
  const clean = inside.replaceAll(/^\w+(?:, \w+)*$/gm, (line) =>
    shared.has(line.split(", ")[0] ?? "") ? "" : line,
  );
  const outside = shared.size > 0 ? `local ${[...shared].join(", ")} ` : "";
  return `${outside}do\n${clean}\nend`;
}
