/** What the SDK listens to, for one subscription: built for its request, so that nobody else's changes pass through. */
import type { ServerEvent, ServerEventBus } from "@modelcontextprotocol/server";

export interface BusOfOne extends ServerEventBus {
  /** Whether the SDK has taken the request for a subscription. */
  readonly isHeard: () => boolean;
}

export function busOfOne(): BusOfOne {
  let listener: ((event: ServerEvent) => void) | undefined;
  return {
    isHeard: () => listener !== undefined,
    publish: (event) => listener?.(event),
    subscribe: (listens) => {
      listener = listens;
      return () => {
        listener = undefined;
      };
    },
  };
}
