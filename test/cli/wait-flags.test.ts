import { expect, test } from "vitest";
import { parseFlags } from "../../src/cli/flags.ts";
import { readWait, WAIT_FLAGS } from "../../src/cli/wait/asked.ts";

function read(...args: string[]): unknown {
  const parsed = parseFlags(WAIT_FLAGS, args, ["[RUN]"]);
  if (!parsed.ok) return parsed.message;
  const wait = readWait(parsed.words[0], parsed.values);
  return wait.ok ? wait.value : wait.refusal.message;
}

test.each([
  [["r12"], { asked: { for: "watching", run_id: "r12" } }],
  [["--run", "r12"], { asked: { for: "run", run_id: "r12", until: "end" } }],
  [
    ["--run", "r12", "--until", "needs-you", "--timeout", "60"],
    { asked: { for: "run", run_id: "r12", until: "needs-you" }, timeout_ms: 60_000 },
  ],
  [
    ["--run", "r12", "--until", "any", "--after", "7-n3"],
    { asked: { for: "run", run_id: "r12", until: "any", after: "7-n3" } },
  ],
  [
    ["--ready", "--hook", "--agent-type", "testing", "--capabilities", "browser,gpu"],
    {
      asked: { for: "ready", wanted: { agent_type: "testing", capabilities: ["browser", "gpu"] } },
    },
  ],
  [
    ["--ready", "--agent-type", "testing", "--agent-id", "t1"],
    {
      asked: {
        for: "ready",
        wanted: { agent_type: "testing", capabilities: [], agent_id: "t1" },
      },
    },
  ],
])("reads what %j waits for", (args, expected) => {
  expect(read(...args)).toEqual(expected);
});

test.each([
  [[], "Say what to wait for: RUN, --run RUN, or --ready. See --help."],
  [["r1", "--ready"], "Say what to wait for: RUN, --run RUN, or --ready. See --help."],
  [["r1", "--timeout", "5"], "--timeout does not go with RUN. See --help."],
  [["--run", "r1", "--hook"], "--hook does not go with run. See --help."],
  [["--run", "r1", "--until", "needs"], "--until takes end, any, needs-you"],
  [["--run", "r1", "--after", "7"], "--after goes with --until any or needs-you."],
  [["--run", "r1", "--until", "any", "--after", "x"], "--after takes the cursor"],
  [["--ready"], "--ready needs --agent-type, such as implementation."],
  [["--ready", "--agent-type", "x", "--timeout", "0"], "--timeout takes whole seconds"],
  [["--ready", "--agent-type", "x", "--timeout", "1.5"], "--timeout takes whole seconds"],
  [["--ready", "--agent-type", "x", "--timeout", "9999999"], "--timeout takes whole seconds"],
])("refuses %j, saying what to do", (args, message) => {
  expect(read(...args)).toContain(message);
});
