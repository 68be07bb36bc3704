/** What a command of `npx baton` is, and how it ends. */
import { type Flags, type FlagValues, helpOf, parseFlags } from "./flags.ts";

/** Scripts rely on these; hooks of Claude Code on 2, which then means that there is work. 130 is what shells expect of a command that Ctrl-C ended. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  timed_out: 4,
  early: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Command {
  readonly name: string;
  /** One line of the list of commands. */
  readonly summary: string;
  readonly help: string;
  /** `args` are those after the command's name. */
  readonly run: (args: readonly string[]) => Promise<ExitCode>;
}

interface Definition<F extends Flags> {
  readonly name: string;
  /** The words that it needs, in order. */
  readonly takes: readonly string[];
  readonly summary: string;
  readonly about: string;
  readonly flags: F;
  readonly run: (words: readonly string[], values: FlagValues<F>) => Promise<ExitCode>;
  /** What it ends with when it was called wrongly, where that is not always 2. */
  readonly misuse?: (args: readonly string[]) => ExitCode;
}

const HELP_FLAG = { help: { help: "show this" } } as const;

export function defineCommand<const F extends Flags>(definition: Definition<F>): Command {
  const { name, takes, summary, about, run, misuse = () => EXIT.usage } = definition;
  const flags = { ...definition.flags, ...HELP_FLAG };
  const usage = `Usage: npx baton ${[name, ...takes].join(" ")} [flags]`;
  const help = `${usage}\n\n${about}\n\n${helpOf(flags)}`;
  return {
    name,
    summary,
    help,
    run: async (args) => {
      const parsed = parseFlags(flags, args, takes);
      if (!parsed.ok) return misused(parsed.message, misuse(args));
      if (!("help" in parsed.values)) return run(parsed.words, parsed.values);
      say(help);
      return EXIT.done;
    },
  };
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Says what was wrong with how a command was called. */
export function misused(message: string, code: ExitCode = EXIT.usage): ExitCode {
  complain(message);
  return code;
}
