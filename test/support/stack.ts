/** A whole local stack for one test file, on free ports, stopped after its last test. */
import type { Client, Schedule } from "@upstash/qstash";
import { afterAll, beforeAll } from "vitest";
import { createClient } from "../../src/scheduler/scheduler.ts";
import { startStack } from "../../infra/local/stack.ts";
import type { Stack, StackOptions } from "../../infra/local/stack.ts";

/**
 * Call at the top level of a test file (or of a `describe`); the returned function gives the running stack. Its watchdog is
 * paused: each five minutes of the real clock it would come upon whatever test runs then, and be counted there.
 */
export function useStack(options: StackOptions = {}): () => Stack {
  let stack: Stack | undefined;
  beforeAll(async () => {
    stack = await startStack({ freePorts: true, quiet: true, ...options });
    const { scheduleId, isPaused } = await theWatchdog(stack);
    if (isPaused) throw new Error("the watchdog of a new stack does not run");
    await schedulesOf(stack).pause({ schedule: scheduleId });
  });
  afterAll(() => stack?.stop());
  return () => {
    if (!stack) throw new Error("The stack runs only while tests do: call this inside a test");
    return stack;
  };
}

/** The one schedule that there is. */
export async function theWatchdog(stack: Stack): Promise<Schedule> {
  const [watchdog, ...others] = await schedulesOf(stack).list();
  if (!watchdog || others.length > 0) throw new Error("not exactly one schedule");
  return watchdog;
}

export function schedulesOf({ qstash: { url, token } }: Stack): Client["schedules"] {
  return createClient({ url, token }).schedules;
}
