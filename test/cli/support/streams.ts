/** Resolves once somebody follows the events of a stack: the Worker has subscribed for it. */
import { expect } from "vitest";
import type { Stack } from "../../../infra/local/stack.ts";

export async function streamsOpen({ upstash }: Pick<Stack, "upstash">): Promise<void> {
  await expect.poll(() => upstash.streams.count()).toBeGreaterThan(0);
}
