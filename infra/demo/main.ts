/** `npm run demo`: agents do a piece of work together through a local Baton. Exit code 0: done, 1: not done, 2: bad input. */
import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { PROJECT_ROOT } from "../local/build.ts";
import { helpOf, parseFlags } from "../../src/cli/flags.ts";
import { startStack } from "../local/stack.ts";
import { untilStopped } from "../local/until-stopped.ts";
import { parseGoal } from "./goal/parse-goal.ts";
import { runDemo } from "./run-demo.ts";
import { succeeded, summary } from "./summary.ts";
import { viewFor } from "./views.ts";
import { makeWorkspace } from "./workspace.ts";

const FLAGS = {
  goal: {
    value: "FILE",
    help: "the goal to carry out (default infra/demo/goal.md, which shows the form)",
  },
  redis: { value: "ENGINE", help: "server, embedded, or a redis:// URL (default: what there is)" },
  keep: { help: "keep the workspace for good; others are removed a day later" },
  help: { help: "show this" },
} as const;

const HELP = `Usage: npm run demo -- [flags]

Starts a local Baton and five agents, each a process of its own and a real MCP client. They plan, write, review and test
a small library by the goal file; one of them is killed at work. No model and no account is needed.

${helpOf(FLAGS)}
`;

const DEFAULT_GOAL = join(import.meta.dirname, "goal.md");

const stopped = untilStopped();
process.exitCode = await main();

async function main(): Promise<number> {
  const flags = parseFlags(FLAGS, process.argv.slice(2));
  if (!flags.ok) return refuse(flags.message);
  if (flags.values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { goal: goalFlag, redis, keep = false } = flags.values;
  const goalFile = goalFlag === undefined ? DEFAULT_GOAL : resolve(goalFlag);
  const text = await readFile(goalFile, "utf8").catch(() => undefined);
  if (text === undefined) return refuse(`There is no goal file ${goalFile}.`);
  const parsed = parseGoal(text);
  if (!parsed.ok) {
    const path = relative(process.cwd(), goalFile);
    return refuse(parsed.faults.map(({ line, reason }) => `${path}:${line}: ${reason}`).join("\n"));
  }

  const started = Date.now();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(`Goal: ${parsed.goal.name}, ${parsed.goal.functions.length} functions`);
  const stack = await startStack({ freePorts: true, say, ...(redis ? { redis } : {}) });
  try {
    say(`Baton: ${stack.mcpUrl} over ${stack.redis.engine}\n`);
    const workspace = await makeWorkspace(join(PROJECT_ROOT, ".baton", "demo"), { keep });
    const view = viewFor(process.stdout, process.env);
    const demo = runDemo({
      goal: parsed.goal,
      goalFile,
      workspace,
      stack,
      onHappening: view.happened,
    });
    try {
      const board = await Promise.race([demo.finished, stopped]);
      if (typeof board === "string") return 130;
      view.end();
      say(
        await summary({
          board,
          goal: parsed.goal.name,
          workspace,
          shownWorkspace: relative(process.cwd(), workspace),
          engine: stack.redis.engine,
          seconds: (Date.now() - started) / 1000,
        }),
      );
      return succeeded(board) ? 0 : 1;
    } finally {
      view.end();
      await demo.stop();
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await stack.stop();
  }
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}
