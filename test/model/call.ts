/** One call of the store with all its arguments: carried out for real, and by the model. */
import { type DeadListing, type Look, type WaitLook, type WhyLook } from "../../src/store/looks.ts";
import {
  type BreakerForce,
  type Control,
  type StateRead,
  type StateWrite,
} from "../../src/store/steering.ts";
import { type CancelRun, type Poll, type Store, type Submission } from "../../src/store/store.ts";
import { type Creation } from "../../src/store/creation.ts";
import { type ScheduleStore } from "../../src/store/schedules.ts";
import { type Launch, type StageBatch } from "../../src/store/staging.ts";
import { cancelRun, control } from "./calls/control.ts";
import { create } from "./calls/create.ts";
import { agents, breakers, letters, read, tick } from "./calls/look.ts";
import { poll } from "./calls/poll.ts";
import { retire } from "./calls/retire.ts";
import { imagineSchedule, type ScheduleCall } from "./calls/schedules.ts";
import { launch, stage } from "./calls/stage.ts";
import { getState, setState } from "./calls/state.ts";
import { type Beat, heartbeat, submit } from "./calls/work.ts";
import { inOrder, wait, why } from "./calls/wait.ts";
import { type Reply, said } from "./reply.ts";
import { type World } from "./world.ts";

export type Call =
  | { readonly op: "create"; readonly args: Creation }
  | { readonly op: "stage"; readonly args: StageBatch }
  | { readonly op: "launch"; readonly args: Launch }
  | { readonly op: "poll"; readonly args: Poll }
  | { readonly op: "heartbeat"; readonly args: Beat }
  | { readonly op: "submit"; readonly args: Submission }
  | { readonly op: "control"; readonly args: Control }
  | { readonly op: "cancelRun"; readonly args: CancelRun }
  | { readonly op: "setState"; readonly args: StateWrite }
  | { readonly op: "getState"; readonly args: StateRead }
  | { readonly op: "read"; readonly args: readonly string[] }
  | { readonly op: "wait"; readonly args: WaitLook }
  | { readonly op: "why"; readonly args: WhyLook }
  | { readonly op: "letters"; readonly args: DeadListing }
  | { readonly op: "agents"; readonly args: null }
  | { readonly op: "breakers"; readonly args: BreakerForce | null }
  | { readonly op: "tick"; readonly args: Look }
  | { readonly op: "sent"; readonly args: number }
  | ScheduleCall
  /** `cut`: the Worker dies between its two halves. */
  | { readonly op: "retire"; readonly args: { readonly cut: boolean } };

export async function perform(store: Store, call: Call, schedules: ScheduleStore): Promise<Reply> {
  switch (call.op) {
    case "makeSchedule":
      return schedules.make(call.args.operation_id, call.args.made);
    case "readSchedule":
      return said(await (call.args === null ? schedules.list() : schedules.read(call.args)));
    case "beginTime":
      return said(await schedules.begin(call.args));
    case "advance":
      return said(await schedules.advance(call.args));
    case "removeSchedule":
      return schedules.remove(call.args.operation_id, call.args.schedule_id);
    case "create":
      return store.create(call.args);
    case "stage":
      return store.stage(call.args);
    case "launch":
      return store.launch(call.args);
    case "poll":
      return withoutHints(await store.poll(call.args));
    case "heartbeat":
      return store.heartbeat(call.args);
    case "submit":
      return store.submit(call.args);
    case "control":
      return store.control(call.args);
    case "cancelRun":
      return store.cancelRun(call.args);
    case "setState":
      return store.setState(call.args);
    case "getState":
      return store.getState(call.args);
    case "read":
      return store.read(call.args);
    case "wait":
      return shownInOrder(await store.wait(call.args));
    case "why":
      return shownInOrder({ said: await store.why(call.args) });
    case "letters":
      return store.deadLetters(call.args);
    case "agents":
      return sorted(await store.agents("0"));
    case "breakers":
      return byName(await store.breakers(call.args ?? undefined));
    case "tick":
      return said(await store.tick(call.args));
    case "sent":
      return said(await store.tickSent(call.args));
    case "retire":
      return said(await unlessCut(store.retire()));
  }
}

export function imagine(world: World, call: Call): Reply {
  switch (call.op) {
    case "makeSchedule":
    case "readSchedule":
    case "beginTime":
    case "advance":
    case "removeSchedule":
      return imagineSchedule(world, call);
    case "create":
      return create(world, call.args);
    case "stage":
      return stage(world, call.args);
    case "launch":
      return launch(world, call.args);
    case "poll":
      return poll(world, call.args);
    case "heartbeat":
      return heartbeat(world, call.args);
    case "submit":
      return submit(world, call.args);
    case "control":
      return control(world, call.args);
    case "cancelRun":
      return cancelRun(world, call.args);
    case "setState":
      return setState(world, call.args);
    case "getState":
      return getState(world, call.args);
    case "read":
      return read(world, call.args);
    case "wait":
      return wait(world, call.args);
    case "why":
      return why(world, call.args);
    case "letters":
      return letters(world, call.args);
    case "agents":
      return agents(world);
    case "breakers":
      return breakers(world, call.args ?? undefined);
    case "tick":
      return tick(world, call.args);
    case "sent":
      return said(undefined);
    case "retire":
      return said(retire(world, call.args));
  }
}

/** The end of a Worker between two requests. */
export class Death extends Error {}

/** What the model says of it. */
async function unlessCut(retiring: Promise<number>): Promise<number | "cut"> {
  try {
    return await retiring;
  } catch (error) {
    if (error instanceof Death) return "cut";
    throw error;
  }
}

/** Where to listen and when to look again are no part of the state. */
function withoutHints(reply: Awaited<ReturnType<Store["poll"]>>): Reply {
  if ("refused" in reply) return reply;
  const { now, agent_type, tasks, notices } = reply.said;
  return { said: { now, agent_type, tasks, notices } };
}

function sorted(reply: Awaited<ReturnType<Store["agents"]>>): Reply {
  if ("refused" in reply) return reply;
  const agents = reply.said.agents.toSorted((a, b) => (a.agent_id < b.agent_id ? -1 : 1));
  return { said: { ...reply.said, agents } };
}

function shownInOrder(
  reply: Awaited<ReturnType<Store["wait"]>> | { said: Awaited<ReturnType<Store["why"]>> },
): Reply {
  if ("refused" in reply) return reply;
  const { records, breakers } = reply.said;
  return { said: { ...reply.said, records: inOrder(records), breakers: breakers.toSorted(named) } };
}

function named(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function byName(reply: Awaited<ReturnType<Store["breakers"]>>): Reply {
  if ("refused" in reply) return reply;
  const breakers = reply.said.breakers.toSorted(named);
  return { said: { ...reply.said, breakers } };
}
