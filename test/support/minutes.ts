/** Minutes that pass in a moment: the timers of this process are the test's, and Redis is as real as ever. */
import { onTestFinished, vi } from "vitest";
import { createStore, type Store } from "../../src/store/store.ts";
import { createTransport, type Transport } from "../../src/store/transport.ts";
import type { Project } from "./project.ts";

export interface Minutes {
  readonly store: Store;
  /** Seconds pass, one by one: whatever one of them begins is over before the next. */
  readonly pass: (seconds: number) => Promise<void>;
}

/** From now on no timer of this process fires unless the test lets time pass. */
export function holdTime({ upstash, name }: Project): Minutes {
  const { url, token } = upstash;
  const real = createTransport({ url, token });
  const asked = new Set<Promise<unknown>>();
  const noted = <T>(asking: Promise<T>): Promise<T> => {
    const over = asking.then(
      () => undefined,
      () => undefined,
    );
    asked.add(over);
    void over.finally(() => asked.delete(over));
    return asking;
  };
  const transport: Transport = {
    ...real,
    run: (...args) => noted(real.run(...args)),
    subscribe: (channel) => noted(real.subscribe(channel)),
  };
  // What an answer leads to begins in the same turn of the event loop or the next.
  const settled = async (): Promise<void> => {
    for (let quiet = 0; quiet < 2; quiet++) {
      if (asked.size > 0) quiet = 0;
      await Promise.all(asked);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
  return {
    store: createStore({ transport, project: name }),
    pass: async (seconds) => {
      await settled();
      for (let second = 0; second < seconds; second++) {
        await vi.advanceTimersByTimeAsync(1_000);
        await settled();
      }
    },
  };
}
