/** `npx baton …`: finds the command and runs it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { nearest } from "../domain/nearest.ts";
import { Unreachable, WrongAddress } from "./api.ts";
import { type Command, complain, EXIT, type ExitCode, misused, say } from "./command.ts";
import { events } from "./commands/events.ts";
import { run } from "./commands/run.ts";
import { schedules } from "./commands/schedules.ts";
import { answer, retry } from "./commands/steer.ts";
import { wait } from "./commands/wait.ts";

const COMMANDS: readonly Command[] = [run, wait, events, answer, retry, schedules];

// Whoever read has had enough, such as `head`: the code is the one that shells give to what a closed pipe has ended.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(141);
});

const code = await main(process.argv.slice(2));
// What was said goes out first. A connection that takes its time to close must not keep a hook from ending.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));

async function main([name = "help", ...args]: readonly string[]): Promise<ExitCode> {
  if (["help", "--help", "-h"].includes(name)) return help(args[0]);
  if (["version", "--version"].includes(name)) {
    say(await version());
    return EXIT.done;
  }
  const command = find(name);
  if (!command) return unknown(name);
  try {
    return await command.run(args);
  } catch (error) {
    if (error instanceof WrongAddress) return misused(error.message);
    if (!(error instanceof Unreachable)) throw error;
    complain(error.message);
    return EXIT.unreachable;
  }
}

function help(name: string | undefined): ExitCode {
  const command = name === undefined ? undefined : find(name);
  if (name !== undefined && !command) return unknown(name);
  say(command?.help ?? overview());
  return EXIT.done;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: npx baton COMMAND

${lines.join("\n")}

npx baton help COMMAND says more; npx baton --version names the version.`;
}

function unknown(name: string): ExitCode {
  const meant = nearest(name, ["help", ...COMMANDS.map((command) => command.name)]);
  return misused(
    `No command ${name}${meant ? `; did you mean ${meant}?` : "."} See npx baton help.`,
  );
}

function find(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}

async function version(): Promise<string> {
  const file = join(import.meta.dirname, "..", "..", "package.json");
  return z.looseObject({ version: z.string() }).parse(JSON.parse(await readFile(file, "utf8")))
    .version;
}
