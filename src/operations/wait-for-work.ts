/** Waits for work without asking over and over: claim, listen, claim again, then sleep until woken. */
import type * as z from "zod";
import type { Said } from "../store/codec.ts";
import type { pollReply } from "../store/replies.ts";
import type { Poll } from "../store/store.ts";
import { hangBell } from "./bell.ts";
import type { Call } from "./operation.ts";
import { randomName } from "./random-name.ts";
import { keepCompany } from "./wait-cap.ts";

type Reply = Said<z.infer<typeof pollReply>>;

/** A message may be lost: an unwoken waiter looks again after this long. */
const LOOK_AGAIN_MS = 60_000;

/** A refusal `superseded` says that a newer wait of the same agent has begun. */
export async function waitForWork(
  call: Call,
  { poll, wait_ms }: { poll: Poll; wait_ms: number },
): Promise<Reply> {
  const { services, signal } = call;
  const { store } = services;
  const started = Date.now();
  const left = (): number => started + wait_ms - Date.now();
  const name = randomName(services.random);
  const look = (more: Partial<Poll["agent"]>): Promise<Reply> => {
    const wait = { wait_ms: Math.max(0, Math.ceil(left())), poll: name };
    return store.poll({ ...poll, agent: { ...poll.agent, ...wait, ...more } });
  };
  const first = await look({});
  if (wait_ms === 0 || poll.agent.max_tasks === 0 || !isEmpty(first)) return first;
  const bell = await hangBell(store, first.said.channel);
  const stop = (): void => bell.close();
  signal.addEventListener("abort", stop);
  const leave = keepCompany(call, "Waiting for work");
  const goesOn = { continues: true, listens: true };
  try {
    // Work that came between the first claim and the acknowledgement woke nobody: only a second claim finds it. That one
    // also notes the waiter, in the same script, so that nothing falls between the two.
    let reply = await look(goesOn);
    while (isEmpty(reply) && left() > 0 && !signal.aborted) {
      await bell.heard(Math.min(left(), LOOK_AGAIN_MS, untilDue(reply.said)));
      // Whoever has gone must be given nothing. It hears nothing either, and so is struck off with the next message.
      if (!signal.aborted) reply = await look(goesOn);
    }
    return withNotices(reply, first.said.notices);
  } finally {
    leave();
    signal.removeEventListener("abort", stop);
    bell.close();
  }
}

/** Something that the agent was not told before: it is worth the end of the wait. */
export function hasNews({ notices = [] }: z.infer<typeof pollReply>): boolean {
  return notices.some((notice) => notice.kind === "stop" && !notice.again);
}

/** What the first look told again may no longer be told when the wait is over, and nobody has read it yet. */
function withNotices(reply: Reply, first: z.infer<typeof pollReply>["notices"]): Reply {
  if ("refused" in reply || !first || reply.said.notices) return reply;
  return { said: { ...reply.said, notices: first } };
}

/** Nothing has come, nothing was refused, and there is nothing to tell. */
function isEmpty(reply: Reply): reply is { readonly said: z.infer<typeof pollReply> } {
  return "said" in reply && reply.said.tasks.length === 0 && !hasNews(reply.said);
}

/** Milliseconds until there may be work that nobody announces. */
function untilDue({ now, next_due }: z.infer<typeof pollReply>): number {
  return next_due === 0 ? LOOK_AGAIN_MS : Math.max(50, next_due - now + 1);
}
