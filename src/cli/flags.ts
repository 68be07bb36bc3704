/** Reads the command line of the project's own commands, and says which flag was probably meant when one is unknown. */
import { parseArgs } from "node:util";
import { nearest } from "../domain/nearest.ts";

interface Flag {
  /** What the value is called in the help text; absent for a switch. */
  readonly value?: string;
  readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** A switch that was given is `true`; a flag with a value has its text. */
export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F]?: F[Name] extends { readonly value: string } ? string : true;
};

export type Parsed<F extends Flags> =
  | { readonly ok: true; readonly values: FlagValues<F>; readonly words: readonly string[] }
  | { readonly ok: false; readonly message: string };

/**
 * Reads `args` by `flags`. Refuses unknown flags, values that are missing or not expected, and words that are no flags
 * unless `takes` names as many: all of them must then be there, but for a last one in brackets such as `[RUN]`. A last
 * one such as `TEXT…` takes all that is left.
 */
export function parseFlags<const F extends Flags>(
  flags: F,
  args: readonly string[],
  takes: readonly string[] = [],
): Parsed<F> {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(flags).map(([name, flag]) => [
        name,
        { type: flag.value === undefined ? "boolean" : "string" },
      ]),
    ),
  });
  const values: Record<string, string | true> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const flag = flags[token.name];
    if (!flag) {
      const near = nearest(token.name, Object.keys(flags));
      return refused(`No flag ${token.rawName}${near ? `; did you mean --${near}?` : "."}`);
    }
    if (flag.value === undefined) {
      if (token.value !== undefined) return refused(`--${token.name} takes no value.`);
      values[token.name] = true;
    } else {
      if (!token.value) return refused(`--${token.name} needs a value: ${flag.value}.`);
      values[token.name] = token.value;
    }
  }
  const surplus = words[takes.length];
  if (surplus !== undefined && !takes.at(-1)?.endsWith("…"))
    return refused(`Nothing is expected here: ${surplus}.`);
  const lacking = takes[words.length];
  if (lacking !== undefined && !lacking.startsWith("[") && !values["help"])
    return refused(`${lacking} is missing.`);
  // Built name by name from `flags`: the shape that the type states.
  return { ok: true, values: values as FlagValues<F>, words };
}

/** One line for each flag. */
export function helpOf(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, flag]) => {
    return { left: `--${name}${flag.value ? ` ${flag.value}` : ""}`, right: flag.help };
  });
  const width = Math.max(...rows.map((row) => row.left.length));
  return rows.map((row) => `  ${row.left.padEnd(width)}  ${row.right}`).join("\n");
}

/** A TCP port from text, or nothing when it is none. */
export function portFrom(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function refused(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message: `${message} See --help.` };
}
