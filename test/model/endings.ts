/** Brings about everything that is still due, in one way alone, or ends and removes everything. */
import { type Call } from "./call.ts";
import { type Ending } from "./commands.ts";
import { beginFiring, nextStep } from "./resolve-schedule.ts";
import { pass, passToTimer, type Play, step } from "./step.ts";
import { line, timers } from "./world.ts";

/** Far more looks than any sequence has timers. */
const PATIENCE = 300;
const DAY = 86_400_000;

export async function playEnding(play: Play, ending: Ending): Promise<void> {
  if (ending !== "none") await endSchedules(play);
  switch (ending) {
    case "none":
      return;
    case "ticks":
      return byTicks(play);
    case "watchdog":
      return byWatchdog(play);
    case "traffic":
      return byTraffic(play);
    case "removal":
      return byRemoval(play);
  }
}

/** Each makes the run of its next time, if none is in the way, and is removed: else they would go on for ever. */
async function endSchedules(play: Play): Promise<void> {
  for (const schedule_id of play.world.schedules.keys()) {
    await fireFully(play, schedule_id);
    play.history.names += 1;
    const operation_id = `op${play.history.names}`;
    await step(play, { op: "removeSchedule", args: { operation_id, schedule_id } });
  }
}

/** As the Worker does after its reply. What is read of a schedule that is gone takes its timer away. */
async function look(play: Play, call: Call): Promise<void> {
  await step(play, call);
  for (const schedule_id of play.history.due.splice(0)) await fireFully(play, schedule_id);
}

async function fireFully(play: Play, schedule_id: string): Promise<void> {
  const { firings } = play.history;
  const first = beginFiring(play, schedule_id);
  const firing = firings.at(-1);
  await step(play, first);
  if (!firing) return;
  while (firings.includes(firing)) await step(play, nextStep(play, firing));
}

/** Nothing but the ticks that calls have armed, each delivered on time or as late as the sequence left it. */
async function byTicks(play: Play): Promise<void> {
  for (let looks = 0; timers(play.world).length > 0; looks++) {
    const tick = play.history.ticks.at(-1);
    if (!tick || looks === PATIENCE) throw new Error("no tick brings about what is due");
    if (tick.at > play.world.now) pass(play, tick.at - play.world.now);
    await look(play, {
      op: "tick",
      args: { limit: 100, last: true, generation: tick.generation },
    });
  }
}

async function byWatchdog(play: Play): Promise<void> {
  for (let looks = 0; timers(play.world).length > 0; looks++) {
    if (looks === PATIENCE) throw new Error("the watchdog does not bring about what is due");
    passToTimer(play, 300_000);
    await look(play, { op: "tick", args: { limit: 100 } });
  }
}

async function byTraffic(play: Play): Promise<void> {
  for (let looks = 0; timers(play.world).length > 0; looks++) {
    if (looks === PATIENCE) throw new Error("traffic does not bring about what is due");
    passToTimer(play, 0);
    await look(play, { op: "getState", args: { name: "project/none" } });
  }
}

/** Cancels what is open, waits until nothing need be kept, and sees that nothing is left. */
async function byRemoval(play: Play): Promise<void> {
  const { world, history } = play;
  for (const run_id of world.runs.keys()) {
    history.names += 1;
    const operation_id = `op${history.names}`;
    await step(play, { op: "cancelRun", args: { operation_id, run_id } });
  }
  await byWatchdog(play);
  for (let looks = 0; world.tasks.size + world.stagings.size > 0; looks++) {
    if (looks === PATIENCE) throw new Error("retention does not come to an end");
    pass(play, 4 * DAY);
    await step(play, { op: "tick", args: { limit: 100 } });
    await step(play, { op: "retire", args: { cut: false } });
  }
  const left = [
    ...line(world).keys(),
    ...world.edges,
    ...world.texts.keys(),
    ...world.runs.keys(),
    ...world.stagings.keys(),
    ...world.idempotency.keys(),
    ...world.schedules.keys(),
  ];
  if (left.length > 0) throw new Error(`left after everything was removed: ${left.join(", ")}`);
}
