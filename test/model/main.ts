/** `npm run model -- --runs 100000 [--seed N]`: the model tests for as long as one likes. */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { helpOf, parseFlags } from "../../src/cli/flags.ts";

const FLAGS = {
  runs: { value: "N", help: "how many sequences (default 2000)" },
  seed: { value: "N", help: "draws them (default: another each time; it is printed)" },
  help: { help: "show this" },
} as const;

const HELP = `Usage: npm run model -- [flags]

Plays random sequences of calls against the model and against the scripts on a Redis server, and compares everything that
is kept after each call. A sequence that differs is printed in its shortest form, with how to play it again.

${helpOf(FLAGS)}
`;

const flags = parseFlags(FLAGS, process.argv.slice(2));
if (!flags.ok) {
  process.stderr.write(`${flags.message}\n`);
  process.exit(2);
}
const { values } = flags;
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}
const vitest = spawn("npx", ["vitest", "run", "test/model", "--reporter=verbose"], {
  stdio: "inherit",
  env: {
    ...process.env,
    MODEL_RUNS: values.runs ?? "2000",
    MODEL_SEED: values.seed ?? String(randomInt(2 ** 31)),
  },
});
const [code] = await once(vitest, "exit");
process.exitCode = typeof code === "number" ? code : 1;
