/** Waits for work without asking over and over: claim, subscribe, claim again, then sleep until woken. */
import type * as z from "zod";
import type { pollReply, Said } from "../store/codec.ts";
import type { Poll } from "../store/store.ts";
import { hangBell } from "./bell.ts";
import type { Call } from "./operation.ts";
import { keepCompany } from "./wait-cap.ts";

type Reply = Said<z.infer<typeof pollReply>>;

/** A message may be lost: an unwoken waiter looks again after this long. */
const LOOK_AGAIN_MS = 60_000;

export async function waitForWork(
  call: Call,
  { poll, wait_ms }: { poll: Poll; wait_ms: number },
): Promise<Reply> {
  const { store } = call.services;
  const { signal } = call;
  const first = await store.poll(poll);
  if (
    wait_ms === 0 ||
    poll.agent.max_tasks === 0 ||
    "refused" in first ||
    first.said.tasks.length > 0 ||
    hasNews(first.said)
  ) {
    return first;
  }
  const started = Date.now();
  const left = (): number => started + wait_ms - Date.now();
  const bell = await hangBell(store, first.said.channel);
  const stop = (): void => bell.close();
  signal.addEventListener("abort", stop);
  const leave = keepCompany(call, "Waiting for work");
  try {
    // Work that came between the first claim and the acknowledgement woke nobody: only a second claim finds it.
    let reply = await store.poll(waiting(poll, left()));
    while (
      !("refused" in reply) &&
      reply.said.tasks.length === 0 &&
      !hasNews(reply.said) &&
      left() > 0 &&
      !signal.aborted
    ) {
      await bell.heard(Math.min(left(), LOOK_AGAIN_MS, untilDue(reply)));
      if (signal.aborted) break;
      reply = await store.poll(waiting(poll, left()));
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

function waiting(poll: Poll, left: number): Poll {
  return { ...poll, agent: { ...poll.agent, wait_ms: Math.max(0, Math.ceil(left)) } };
}

/** Milliseconds until the project's next deadline, after which there may be work that nobody announced. */
function untilDue(reply: Reply): number {
  if ("refused" in reply || reply.said.next_due === 0) return LOOK_AGAIN_MS;
  return Math.max(50, reply.said.next_due - reply.said.now + 1);
}
