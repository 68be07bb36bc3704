// What stands between a message becoming due and its turn: faults that delay, drop or reorder it.

import type { Faults } from "./faults.ts";
import type { Message } from "./message.ts";
import type { TimerScope } from "./timer-scope.ts";

export type Entrance = {
  /** Lets the message in now, later, or never. Each message is bent at most once. */
  enter(message: Message): void;
};

export function createEntrance(parts: {
  readonly faults: Faults;
  readonly timers: TimerScope;
  readonly admit: (message: Message) => void;
  readonly lose: (message: Message) => void;
}): Entrance {
  const { faults, timers, admit, lose } = parts;
  const bent = new WeakSet<Message>();
  let held: Message[] = [];
  let heldSize = 0;

  function enter(message: Message): void {
    if (bent.has(message)) admit(message);
    else if (faults.strike("lose-delivery", message.url) !== undefined) lose(message);
    else if (!isDelayed(message) && !isHeld(message)) admit(message);
  }

  function isDelayed(message: Message): boolean {
    const rule = faults.strike("deliver-late", message.url);
    if (rule === undefined) return false;
    bent.add(message);
    timers.at(timers.now() + rule.ms, () => admit(message));
    return true;
  }

  function isHeld(message: Message): boolean {
    if (held.length === 0) {
      const rule = faults.strike("reorder", message.url);
      if (rule === undefined) return false;
      heldSize = rule.size ?? 2;
      timers.at(timers.now() + (rule.withinMs ?? 1_000), release);
    }
    bent.add(message);
    held.push(message);
    if (held.length >= heldSize) release();
    return true;
  }

  function release(): void {
    const released = held.toReversed();
    held = [];
    for (const message of released) admit(message);
  }

  return { enter };
}
