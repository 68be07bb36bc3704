/** `npm run dev`: the local stack, kept open, with all that is needed to connect to it. */
import { clientConfigs } from "./client-configs.ts";
import { helpOf, parseFlags, portFrom } from "../../src/cli/flags.ts";
import { keepRunning } from "./keep-running.ts";
import { publishLocalFile } from "./local-file.ts";
import { readableLine } from "./log-line.ts";
import { startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";
import { untilStopped } from "./until-stopped.ts";

const FLAGS = {
  port: { value: "N", help: "where the Worker listens (default 8787; the next free one if taken)" },
  redis: { value: "ENGINE", help: "server, embedded, or a redis:// URL (default: what there is)" },
  verbose: { help: "show each line that the Worker logs" },
  help: { help: "show this" },
} as const;

const HELP = `Usage: npm run dev -- [flags]

Starts a local Baton: the Worker in workerd, Redis behind Upstash's REST protocol, and a QStash. Ctrl-C stops all of it.

${helpOf(FLAGS)}
`;

const stopped = untilStopped();
process.exitCode = await main();

async function main(): Promise<number> {
  const flags = parseFlags(FLAGS, process.argv.slice(2));
  if (!flags.ok) return refuse(flags.message);
  const { help, redis, verbose } = flags.values;
  const port = flags.values.port === undefined ? undefined : portFrom(flags.values.port);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (flags.values.port !== undefined && port === undefined) {
    return refuse(`--port takes a number from 1 to 65535, not ${flags.values.port}.`);
  }
  try {
    const stack = await startStack({
      ...(port === undefined ? {} : { port }),
      ...(redis === undefined ? {} : { redis }),
      ...(verbose ? { onLine: (line) => process.stdout.write(`${readableLine(line)}\n`) } : {}),
    });
    try {
      const withdraw = await publishLocalFile(stack);
      process.stdout.write(greeting(stack));
      if (!withdraw)
        process.stdout.write("\n.baton/local.json stays with the stack that wrote it.\n");
      const keeper = keepRunning(stack, (remark) => process.stdout.write(`\n${remark}\n`));
      const crashed = keeper.gaveUp.then(() => "crashed" as const);
      const why = await Promise.race([stopped, crashed]);
      await keeper.letGo();
      process.stdout.write(
        why === "crashed" ? "\nThe Worker ends again and again.\n" : "\nStopping.\n",
      );
      await withdraw?.();
      return why === "crashed" ? 1 : 0;
    } finally {
      await stack.stop();
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function greeting({ mcpUrl, redis, keys }: Stack): string {
  const configs = clientConfigs({ mcpUrl, key: keys.orchestrator });
  return [
    "Baton runs.",
    "",
    `  MCP      ${mcpUrl}`,
    `  Redis    ${redis.engine} (${redis.url})`,
    "",
    "Keys, for this local stack only:",
    "",
    ...Object.entries(keys).map(([role, key]) => `  ${role.padEnd(13)} ${key}`),
    "",
    "Connect a client (the orchestrator key may do all that agents do):",
    ...configs.map(({ client, where, text }) => {
      return `\n  ${client} (${where})\n${text.replaceAll(/^/gm, "    ")}`;
    }),
    "",
    "Ctrl-C stops it.",
    "",
  ].join("\n");
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}
