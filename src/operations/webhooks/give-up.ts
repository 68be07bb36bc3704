/** Notes that QStash could not reach us for an attempt: the delivery is dead until somebody replays it. */
import type { PlannedAttempt } from "../../store/webhooks.ts";
import type { Webhooks } from "./webhooks.ts";

export async function giveUp(
  { store, queue }: Webhooks,
  { delivery_id, turn }: Pick<PlannedAttempt, "delivery_id" | "turn">,
): Promise<void> {
  const { planned } = await store.end({
    delivery_id,
    turn,
    result: { at: Date.now(), status: 0, error: "Baton itself could not be reached.", ms: 0 },
    outcome: "dead",
    ours: true,
  });
  await queue(planned);
}
