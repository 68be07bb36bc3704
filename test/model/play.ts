/** Plays one sequence on the store and on the model, and compares everything after each call. */
import { type ArmedTick } from "../../src/store/codec.ts";
import { createScheduleStore } from "../../src/store/schedules.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { type Transport } from "../../src/store/transport.ts";
import { keysOf } from "../../src/store/keys.ts";
import { followFamily } from "./children.ts";
import { type Command, type Ending } from "./commands.ts";
import { Death } from "./call.ts";
import { playEnding } from "./endings.ts";
import { followSlots } from "./locks.ts";
import { audit } from "../support/audit.ts";
import { dumpProject } from "../support/dump.ts";
import { resolve } from "./resolve.ts";
import { followReviews } from "./reviews.ts";
import { countMoved } from "./runs.ts";
import { type History } from "./scene.ts";
import { pass, passToTimer, type Play, type Stage, listen, step } from "./step.ts";
import { endSuspension } from "./talk.ts";
import { keysIn } from "./view.ts";
import { type Follower, newWorld } from "./world.ts";

/** Midnight of a day in the future: nothing may depend on the real clock. */
const START = Date.UTC(2031, 4, 6);
const DAY = 86_400_000;

/** In the order of the chunks in Lua. */
const WHEN_MOVED: readonly Follower[] = [
  countMoved,
  followSlots,
  endSuspension,
  followFamily,
  followReviews,
];

export interface Played {
  readonly calls: number;
  readonly messages: number;
}

export interface Sequence {
  readonly commands: readonly Command[];
  readonly ending: Ending;
}

/**
 * Returns the number of calls, and of messages to agents that wait.
 *
 * @throws Error at the first call after which model and Redis differ, with all calls up to it.
 */
export async function playSequence(stage: Stage, { commands, ending }: Sequence): Promise<Played> {
  const play = open(stage);
  try {
    for (const command of commands) {
      if (command.do === "pass") pass(play, command.ms);
      else if (command.do === "sleep") await sleep(play, command);
      else if (command.do === "pass to timer") passToTimer(play, command.offset);
      else {
        if (command.do === "retire") pass(play, command.days * DAY);
        const call = resolve(play, command);
        if (call) await step(play, call);
      }
    }
    await playEnding(play, ending);
    // Elsewhere the audit stands alone: here it must find nothing in any state that the sequence has led to.
    if (ending === "none") await expectNoFaults(stage);
    return { calls: play.log.length, messages: play.messages };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`${play.log.join("\n")}\n→ ${said}`, { cause: error });
  } finally {
    for (const agent_id of play.world.hearing) await stage.ears.listen(agent_id, false);
    const keys = keysOf(stage.project);
    const operations = [...play.world.operations.keys()].map((id) => keys.operation(id));
    await stage.transport.unlink([...keysIn(stage.project, play.world.runSeq + 1), ...operations]);
  }
}

/** As a waiter does: it looks, listens, looks again, and sleeps if there is nothing. */
async function sleep(play: Play, command: Command & { do: "sleep" }): Promise<void> {
  const { agent, max_tasks, capabilities, hears } = command;
  await listen(play, { agent, hears });
  for (const wait of ["begins", "goes on"] as const) {
    const call = resolve(play, {
      do: "poll",
      agent,
      max_tasks,
      lease_seconds: 0,
      wait_ms: 30_000,
      wait,
      ...(capabilities && { capabilities }),
    });
    if (call) await step(play, call);
  }
}

async function expectNoFaults({ redis, project }: Stage): Promise<void> {
  const faults = audit(await dumpProject(redis, project));
  if (faults.length > 0) throw new Error(`the audit finds: ${faults.join("; ")}`);
}

function open(stage: Stage): Play {
  const world = newWorld(START, WHEN_MOVED);
  const history: History = {
    calls: [],
    leases: [],
    ticks: [],
    stagings: [],
    firings: [],
    due: [],
    names: 0,
  };
  const common = {
    project: stage.project,
    now: () => world.now,
    onTick: (tick: ArmedTick) => void history.ticks.push(tick),
  };
  const storeOver = (transport: Transport): Store =>
    createStore({
      ...common,
      transport,
      onSchedules: (ids) => void history.due.push(...ids),
    });
  const store = storeOver(stage.transport);
  const dying = storeOver({ ...stage.transport, unlink: () => Promise.reject(new Death()) });
  const schedules = createScheduleStore({ ...common, transport: stage.transport });
  const clockwork = { next_due: 0, armed: 0, generation: 0 };
  return {
    stage,
    store,
    dying,
    schedules,
    world,
    history,
    log: [],
    clockwork,
    lastEvent: "0",
    messages: 0,
  };
}
