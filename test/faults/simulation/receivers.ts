/**
 * The systems that webhooks go to: each verifies what arrives with the secret that it knows, and answers as badly as the
 * seed says, for as long as things go wrong.
 */
import { Webhook } from "standardwebhooks";
import type { Received } from "../../support/history/webhooks.ts";
import { type Chance, inProportion } from "../../support/seeded.ts";
import type { Plan } from "./plan.ts";
import type { Activity, World } from "./world.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Receiver {
  readonly url: string;
  /** Chance that it answers badly. */
  readonly sickness: number;
  /** With which it verifies; it changes over to a new one when it likes. */
  secret: string;
}

export interface Receivers {
  readonly add: (receiver: Receiver) => void;
  /** What the Worker has for `fetch` while it serves the call of this activity. */
  readonly fetchOf: (activity: Activity) => Fetch;
  /** In the order in which it arrived. */
  readonly received: readonly Received[];
}

const TIMEOUT_MS = 15_000;

/** What becomes of a request that is not simply taken. */
const FATES = inProportion(
  [3, "sick"],
  [2, "busy"],
  [1, "redirect"],
  [2, "refused"],
  [2, "reply-lost"],
  [2, "hangs"],
  [2, "slow"],
);

const ANSWERS: Readonly<Record<string, () => Response>> = {
  taken: () => new Response(null, { status: 204 }),
  slow: () => new Response("ok", { status: 200 }),
  sick: () => new Response("Something went wrong here: 壊れた", { status: 500 }),
  busy: () => new Response(null, { status: 429, headers: { "retry-after": "40" } }),
  redirect: () => new Response(null, { status: 302, headers: { location: "https://10.0.0.1/" } }),
  gone: () => new Response(null, { status: 410 }),
};

export function startReceivers({ world, plan }: { world: World; plan: Plan }): Receivers {
  const receivers = new Map<string, Receiver>();
  const received: Received[] = [];

  function arrive(url: string, init: RequestInit, fate: string): void {
    const headers = new Headers(init.headers);
    const body = typeof init.body === "string" ? init.body : "";
    const { secret = "" } = receivers.get(url) ?? {};
    const answered = ANSWERS[fate]?.().status ?? 0;
    const at = world.now;
    received.push({ url, id: headers.get("webhook-id") ?? "", body, at, answered, ...judge() });

    function judge(): { genuine: boolean } {
      const [id, seconds] = ["webhook-id", "webhook-timestamp"].map((name) => headers.get(name));
      const time = new Date(Number(seconds) * 1000);
      const due = new Webhook(secret).sign(id ?? "", time, body);
      const signed = (headers.get("webhook-signature") ?? "").split(" ").includes(due);
      return { genuine: signed && Math.abs(time.getTime() - at) < 300_000 };
    }
  }

  return {
    received,
    add: (receiver) => void receivers.set(receiver.url, receiver),
    fetchOf: (activity) => async (url, init) => {
      const { chance } = activity;
      const fate = fateOf({ chance, receiver: receivers.get(url), plan });
      const took = await world.answer<string>(activity, (answer) => {
        const after = (ms: number, what: string): void =>
          world.after(ms, chance, () => answer(what));
        if (fate === "refused") return after(chance.whole(1, 50), "broken");
        world.after(chance.whole(1, 100), chance, () => {
          arrive(url, init, fate);
          if (fate === "hangs") return after(TIMEOUT_MS, "hangs");
          if (fate === "reply-lost") return after(chance.whole(1, 5_000), "broken");
          after(
            fate === "slow" ? chance.whole(1_000, TIMEOUT_MS - 1_000) : chance.whole(1, 100),
            fate,
          );
        });
      });
      if (took === "broken") throw new TypeError("fetch failed");
      if (took === "hangs") throw new DOMException("timed out", "TimeoutError");
      return ANSWERS[took]?.() ?? new Response(null, { status: 500 });
    },
  };
}

function fateOf({
  chance,
  receiver,
  plan,
}: {
  chance: Chance;
  receiver: Receiver | undefined;
  plan: Plan;
}): string {
  if (!plan.receivers || !chance.happens(receiver?.sickness ?? 0)) return "taken";
  return chance.happens(0.03) ? "gone" : chance.oneOf(FATES);
}
