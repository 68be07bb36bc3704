/**
 * `npm run soak`: works a local Baton hard while agents, the Worker and Redis are killed over and over, and then checks
 * what everybody saw. Exit code 0: every promise was kept, 1: not, 2: bad input.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { PROJECT_ROOT } from "../local/build.ts";
import { helpOf, parseFlags } from "../../src/cli/flags.ts";
import { untilStopped } from "../local/until-stopped.ts";
import { runSoak } from "./run-soak.ts";
import { passed, summary } from "./summary.ts";

const FLAGS = {
  minutes: { value: "N", help: "how long things go wrong (default 10)" },
  agents: { value: "N", help: "how many processes of agents (default 8)" },
  seed: { value: "TEXT", help: "draws the agents' scripts and what goes wrong (default the time)" },
  help: { help: "show this" },
} as const;

const HELP = `Usage: npm run soak -- [flags]

Starts a local stack on a redis-server that syncs every write to disk, and agents as processes of their own. Every few
seconds something is killed by SIGKILL (an agent, workerd, Redis) or the road to Redis and QStash is made worse. At the
end everything heals; then all tasks must end or say why they wait, and what all clients saw is checked.

${helpOf(FLAGS)}
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const flags = parseFlags(FLAGS, process.argv.slice(2));
  if (!flags.ok) return refuse(flags.message);
  if (flags.values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const minutes = Number(flags.values.minutes ?? 10);
  const agents = Number(flags.values.agents ?? 8);
  if (!(minutes > 0 && minutes <= 1440)) return refuse("--minutes takes a number up to 1440.");
  if (!Number.isInteger(agents) || agents < 2 || agents > 100) {
    return refuse("--agents takes a whole number from 2 to 100.");
  }
  const seed = flags.values.seed ?? String(Date.now());
  const root = join(PROJECT_ROOT, ".baton", "soak");
  await mkdir(root, { recursive: true });
  const dir = await mkdtemp(join(root, "run-"));
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(`Soak of ${minutes} min with ${agents} agents, seed ${seed}`);
  try {
    const report = await runSoak({ minutes, agents, seed, dir, say, stopped: untilStopped() });
    say(summary(report));
    if (!passed(report)) {
      say(`The agents' logs are in ${relative(process.cwd(), dir)}.`);
      return 1;
    }
    await rm(dir, { recursive: true, force: true });
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}
