/** One agent of the soak, as a process: its one argument is {@link AgentSetup} as JSON. It ends with its input. */
import { setTimeout as pause } from "node:timers/promises";
import type { Hands } from "../../test/support/crew/hands.ts";
import { orchestrate } from "../../test/support/crew/orchestrator.ts";
import { work } from "../../test/support/crew/worker.ts";
import { seeded } from "../../test/support/seeded.ts";
import { agentSetup } from "./agent-setup.ts";
import { openCallLog } from "./call-log.ts";
import { overMcp, overRest } from "./connect.ts";

/** Of a poll, for work. */
const WAIT_SECONDS = 2;
/** Between two deeds of an orchestrator, at most. */
const PAUSE_SECONDS = 1;

const setup = agentSetup.parse(JSON.parse(process.argv[2] ?? ""));
const { name, life, pace } = setup;
const log = openCallLog(setup.log, name, life);
const send = setup.skin === "mcp" ? overMcp(setup) : overRest(setup);
const mood = { faithful: setup.faithful, pace, sickness: 0 };

// Whoever started it lets go of this input when it is over, or has died.
process.stdin.on("end", () => process.exit(0)).resume();

const hands: Hands = {
  name,
  chance: seeded(`${setup.seed} ${name} ${life}`),
  call: async (tool, args) => {
    const ended = log.begin({ tool, args });
    const outcome = await send(tool, args);
    ended(outcome);
    return outcome;
  },
  sleep: (seconds) => pause(seconds * 1000),
  now: Date.now,
  going: () => true,
  mood,
};

if (setup.role === "orchestrator") {
  const endless = { tasks: Number.POSITIVE_INFINITY, pause_seconds: PAUSE_SECONDS };
  await orchestrate(hands, { ...setup, ...endless });
} else {
  await work(hands, {
    agent_id: name,
    agent_type: setup.agent_type,
    ...(setup.able && { capabilities: [setup.capability] }),
    wait_seconds: WAIT_SECONDS,
    tells_instance: setup.tells_instance,
    life,
    helpers: [setup.agent_type],
  });
}
