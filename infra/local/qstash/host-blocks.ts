// Remembers which hosts timed out and leaves them alone for a while, longer each time.

import type { FaultOf } from "./faults.ts";

type HostState = { timeouts: number; blocks: number; blockedUntil: number };

export class HostBlocks {
  readonly #hosts = new Map<string, HostState>();

  /** Until when nothing is sent to the host of `url` (unix milliseconds); 0 if never blocked. */
  blockedUntil(url: string): number {
    return this.#hosts.get(new URL(url).host)?.blockedUntil ?? 0;
  }

  timedOut(url: string, { rule, now }: { rule: FaultOf<"host-block">; now: number }): void {
    const { host } = new URL(url);
    const state = this.#hosts.get(host) ?? { timeouts: 0, blocks: 0, blockedUntil: 0 };
    this.#hosts.set(host, state);
    state.timeouts += 1;
    if (state.timeouts < (rule.afterTimeouts ?? 1)) return;
    state.blockedUntil = now + (rule.blockMs ?? 60_000) * 2 ** state.blocks;
    state.blocks += 1;
    state.timeouts = 0;
  }

  answered(url: string): void {
    this.#hosts.delete(new URL(url).host);
  }
}
