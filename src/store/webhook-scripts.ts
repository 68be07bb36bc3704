/** The scripts about webhooks: they touch no task, and so need none of the chunks that do. */
import { script } from "./script.ts";
import again from "./scripts/lib/again.lua";
import clock from "./scripts/lib/clock.lua";
import pieces from "./scripts/lib/pieces.lua";
import webhooks from "./scripts/lib/webhooks.lua";
import attemptBegin from "./scripts/webhooks/attempt-begin.lua";
import attemptEnd from "./scripts/webhooks/attempt-end.lua";
import deliveries from "./scripts/webhooks/deliveries.lua";
import endpoints from "./scripts/webhooks/endpoints.lua";
import outboxRead from "./scripts/webhooks/outbox-read.lua";
import outboxWrite from "./scripts/webhooks/outbox-write.lua";
import overdue from "./scripts/webhooks/overdue.lua";
import release from "./scripts/webhooks/release.lua";

const KEYS = [
  "control",
  "events",
  "webhooks",
  "deliveries",
  "delivery_index",
  "outbox",
  "held",
] as const;
const ABOUT = { keys: KEYS, chunks: [clock, pieces, webhooks] };

export const WEBHOOK_SCRIPTS = {
  endpoints: script({
    ...ABOUT,
    chunks: [...ABOUT.chunks, again],
    name: "webhook-endpoints",
    callKeys: ["operation"],
    source: endpoints,
  }),
  outboxRead: script({ ...ABOUT, name: "webhook-outbox-read", source: outboxRead }),
  outboxWrite: script({ ...ABOUT, name: "webhook-outbox-write", source: outboxWrite }),
  attemptBegin: script({ ...ABOUT, name: "webhook-attempt-begin", source: attemptBegin }),
  attemptEnd: script({ ...ABOUT, name: "webhook-attempt-end", source: attemptEnd }),
  deliveries: script({ ...ABOUT, name: "webhook-deliveries", source: deliveries }),
  overdue: script({ ...ABOUT, name: "webhook-overdue", source: overdue }),
  release: script({ ...ABOUT, name: "webhook-release", source: release }),
};
