/** A client of the world: an activity with a name and a key, whose calls may be lost on their way there or back. */
import type { Caller } from "../../../src/operations/operation.ts";
import type { Hands, Mood } from "../../support/crew/hands.ts";
import type { Body, Outcome, SeenCall } from "../../support/seen-call.ts";
import type { Plan } from "./plan.ts";
import type { Server } from "./server.ts";
import type { Activity, World } from "./world.ts";

export interface ClientWorld {
  readonly world: World;
  readonly plan: Plan;
  readonly server: Server;
  readonly mood: Mood;
  /** Whether clients are to go on. */
  readonly going: () => boolean;
  /** Gets every call once it is over for its client. */
  readonly seen: (call: SeenCall) => void;
  readonly note: (what: string) => void;
}

const TIMEOUT_MS = 60_000;

/** Begins at once, and goes on until the script is over. */
export function startClient(
  context: ClientWorld,
  { name, caller }: { name: string; caller: Caller },
  script: (hands: Hands) => Promise<void>,
): void {
  const { world, mood, going } = context;
  void world.start(name, (activity) =>
    script({
      name,
      chance: activity.chance,
      call: (tool, args) => call(context, { activity, caller, tool, args }),
      sleep: (seconds) => world.wait(activity, seconds * 1000),
      now: () => world.now,
      going,
      mood,
    }),
  );
}

interface ClientCall {
  readonly activity: Activity;
  readonly caller: Caller;
  readonly tool: string;
  readonly args: Body;
}

async function call(
  { world, plan, server, seen, note }: ClientWorld,
  { activity, caller, tool, args }: ClientCall,
): Promise<Outcome> {
  const { chance } = activity;
  const began = world.now;
  const name = world.childName(activity, "call ");
  const lost = chance.happens(plan.client)
    ? chance.oneOf(["request", "reply"] as const)
    : "nothing";
  note(`client lost ${lost}`);
  const outcome = await world.answer<Outcome>(activity, (answer) => {
    const after = (ms: number, said: Outcome): void => world.after(ms, chance, () => answer(said));
    after(TIMEOUT_MS, { lost: "no answer in time" });
    if (lost === "request") return after(chance.whole(0, 50), { lost: "the connection broke" });
    world.after(chance.whole(0, 30), chance, () =>
      server.serve({ name, tool, args, caller }, (said) => {
        const arrived = lost === "reply" ? { lost: "the connection broke" } : said;
        after(chance.whole(0, 30), arrived);
      }),
    );
  });
  seen({ client: activity.name, tool, args, began, ended: world.now, outcome });
  return outcome;
}
