/** What `npx baton wait` was asked for, from its flags: exactly one thing, and only what goes with it. */
import { nearest } from "../../domain/nearest.ts";
import { ok, refuse, type Result } from "../../domain/refusal.ts";
import { parseCursor } from "../../operations/waiting/cursor.ts";
import type { FlagValues } from "../flags.ts";
import { type Until, UNTILS } from "./run.ts";
import type { Wanted } from "./work.ts";

export const WAIT_FLAGS = {
  run: { value: "RUN", help: "wait without a word until this run ends, then say how" },
  until: {
    value: "WHAT",
    help: "with --run: any (a task has ended, or needs you) or needs-you (default end)",
  },
  after: { value: "CURSOR", help: "with --until: only what is new since then; each wait says it" },
  ready: { help: "wait until there is work for --agent-type; it is not claimed" },
  "agent-type": { value: "TYPE", help: "with --ready: whose work" },
  capabilities: { value: "LIST", help: "with --ready: what the agent can, such as browser,gpu" },
  "agent-id": { value: "ID", help: "with --ready: tasks assigned to this agent count too" },
  timeout: { value: "SECONDS", help: "with --run or --ready: wait no longer (exit code 4)" },
  hook: { help: "with --ready, as an asyncRewake hook of Claude Code: exit code 2 wakes it" },
} as const;

export type Asked =
  | { readonly for: "run"; readonly run_id: string; readonly until: Until; readonly after?: string }
  | { readonly for: "ready"; readonly wanted: Wanted }
  /** With a line for each change. */
  | { readonly for: "watching"; readonly run_id: string };

export interface Wait {
  readonly asked: Asked;
  readonly timeout_ms?: number;
}

type Values = FlagValues<typeof WAIT_FLAGS>;

/** Timers of Node.js count to 24 days. */
const LONGEST_SECONDS = 2_000_000;

export function readWait(word: string | undefined, values: Values): Result<Wait> {
  const { run, ready, timeout } = values;
  const ways = [word, run, ready].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    return refuse("invalid", "Say what to wait for: RUN, --run RUN, or --ready. See --help.");
  }
  const [kind, goWith] = way(values);
  const given = Object.keys(WAIT_FLAGS).filter((name) => Object.hasOwn(values, name));
  const stray = given.find((name) => name !== kind && !goWith.includes(name));
  if (stray !== undefined) {
    return refuse("invalid", `--${stray} does not go with ${kind}. See --help.`);
  }
  const asked = readAsked(word, values);
  if (!asked.ok) return asked;
  if (timeout === undefined) return ok({ asked: asked.value });
  const seconds = /^\d{1,7}$/.test(timeout) ? Number(timeout) : 0;
  if (seconds < 1 || seconds > LONGEST_SECONDS) {
    return refuse("invalid", `--timeout takes whole seconds, 1 to ${LONGEST_SECONDS}.`);
  }
  return ok({ asked: asked.value, timeout_ms: seconds * 1_000 });
}

function way({ run, ready }: Values): [kind: string, goWith: readonly string[]] {
  if (ready) {
    return ["ready", ["agent-type", "capabilities", "agent-id", "timeout", "hook"]];
  }
  return run === undefined ? ["RUN", []] : ["run", ["until", "after", "timeout"]];
}

function readAsked(word: string | undefined, values: Values): Result<Asked> {
  const { run, until = "end", "agent-type": agent_type, "agent-id": agent_id } = values;
  if (word !== undefined) return ok({ for: "watching", run_id: word });
  if (run !== undefined) {
    const known = UNTILS.find((name) => name === until);
    if (known) return readAfter({ for: "run", run_id: run, until: known }, values.after);
    const meant = nearest(until, UNTILS);
    return refuse(
      "invalid",
      `--until takes ${UNTILS.join(", ")}${meant ? `; did you mean ${meant}?` : "."}`,
    );
  }
  if (agent_type === undefined) {
    return refuse("invalid", "--ready needs --agent-type, such as implementation.");
  }
  const capabilities = (values.capabilities ?? "").split(",").filter((name) => name !== "");
  return ok({
    for: "ready",
    wanted: { agent_type, capabilities, ...(agent_id !== undefined && { agent_id }) },
  });
}

function readAfter(
  asked: Extract<Asked, { for: "run" }>,
  after: string | undefined,
): Result<Asked> {
  if (after === undefined) return ok(asked);
  if (asked.until === "end") {
    return refuse("invalid", "--after goes with --until any or needs-you. See --help.");
  }
  return parseCursor(after, 1)
    ? ok({ ...asked, after })
    : refuse("invalid", "--after takes the cursor that the wait before it printed, such as 7.");
}
