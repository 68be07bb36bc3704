/** `npx baton wait`: ends when a run ends, or when there is work; for people, scripts and hooks. */
import { nearest } from "../../domain/nearest.ts";
import { createApi, Unreachable, WrongAddress } from "../api.ts";
import { complain, defineCommand, EXIT, type ExitCode, misused, say } from "../command.ts";
import { type Connection, CONNECTION_FLAGS, findConnection } from "../connection.ts";
import { untilEnded } from "../follow/until-ended.ts";
import { untilStopped } from "../stopped.ts";
import { tellOnTerminal } from "../terminal.ts";
import { type Asked, readWait, WAIT_FLAGS } from "../wait/asked.ts";
import { waitUntilReady } from "../wait/ready.ts";
import { waitForRun } from "../wait/run.ts";
import type { Wanted } from "../wait/work.ts";

const ABOUT = `Follows a run, such as r12, until it ends, with a line for each change. With --run or --ready it waits without a word
instead, at no cost to a model, and prints what it waited for; it goes on by itself when the server was away.
Exit codes: 0 the run completed, or there is work; 1 the run failed or was cancelled; 2 the call is wrong; 3 the server
cannot be reached; 4 --timeout is over; 5 the run goes on, and --until has what it waited for; 130 Ctrl-C.
With --hook: 2 and a sentence on stderr when there is work; 0 --timeout is over; 1 the call is wrong; 3 the server cannot
be reached, also where --timeout is over before it ever was.
src/cli/hooks.md shows such a hook.`;

export const wait = defineCommand({
  name: "wait",
  takes: ["[RUN]"],
  summary: "wait until a run ends, or until there is work",
  about: ABOUT,
  flags: { ...WAIT_FLAGS, ...CONNECTION_FLAGS },
  // A model that is woken because a command was mistyped would go to sleep and be woken again.
  misuse: (args) => (args.some(meansHook) ? EXIT.failed : EXIT.usage),
  run: async ([word], values) => {
    const wrong = values.hook ? EXIT.failed : EXIT.usage;
    const read = readWait(word, values);
    if (!read.ok) return misused(read.refusal.message, wrong);
    const { asked, timeout_ms } = read.value;
    const anyKey = asked.for !== "run" || asked.until === "end";
    const connection = await findConnection({ flags: values, env: process.env, anyKey });
    if (!connection.ok) return misused(connection.refusal.message, wrong);
    if (asked.for === "watching") return untilEnded(createApi(connection.value), asked);

    const stopped = untilStopped();
    const over =
      timeout_ms === undefined ? new AbortController().signal : AbortSignal.timeout(timeout_ms);
    const signal = AbortSignal.any([stopped, over]);
    const means: Means = { connection: connection.value, signal, wrong };
    try {
      return asked.for === "ready"
        ? await untilReady(asked.wanted, { ...means, hook: values.hook ?? false })
        : await untilNews(asked, means);
    } catch (error) {
      if (stopped.aborted) return EXIT.interrupted;
      if (error instanceof WrongAddress) return misused(error.message, wrong);
      if (!over.aborted || error instanceof Unreachable) throw error;
      return values.hook ? EXIT.done : EXIT.timed_out;
    }
  },
});

/** Also where it is that flag which was mistyped. */
function meansHook(arg: string): boolean {
  const [name = ""] = arg.slice(2).split("=");
  return arg.startsWith("--") && nearest(name, Object.keys(WAIT_FLAGS)) === "hook";
}

interface Means {
  readonly connection: Connection;
  readonly signal: AbortSignal;
  /** The code for what is refused. */
  readonly wrong: ExitCode;
}

/** By this code Claude Code knows that a hook has something to say. */
const WAKES = 2;

async function untilReady(
  wanted: Wanted,
  { connection, signal, wrong, hook }: Means & { readonly hook: boolean },
): Promise<ExitCode> {
  const found = await waitUntilReady(connection, { wanted, signal, say: tellOnTerminal });
  if ("refused" in found) return misused(found.refused, wrong);
  if (hook) {
    complain(`There is work for ${wanted.agent_type} in Baton: call poll_tasks.`);
    return WAKES;
  }
  say(`${found.task_id} is ready for ${wanted.agent_type}.`);
  return EXIT.done;
}

async function untilNews(
  asked: Extract<Asked, { for: "run" }>,
  { connection, signal, wrong }: Means,
): Promise<ExitCode> {
  const reply = await waitForRun(connection, { ...asked, signal, say: tellOnTerminal });
  if (!reply.ok) return misused(reply.refusal.message, wrong);
  const { status, lines } = reply.value;
  for (const line of lines) say(line);
  if (status === "active") return EXIT.early;
  return status === "completed" ? EXIT.done : EXIT.failed;
}
