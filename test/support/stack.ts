/** A whole local stack for one test file, on free ports, stopped after its last test. */
import { afterAll, beforeAll } from "vitest";
import { startStack } from "../../infra/local/stack.ts";
import type { Stack, StackOptions } from "../../infra/local/stack.ts";

/** Building the Worker may be part of the first start. */
const START_MS = 60_000;

/** Call at the top level of a test file (or of a `describe`); the returned function gives the running stack. */
export function useStack(options: StackOptions = {}): () => Stack {
  let stack: Stack | undefined;
  beforeAll(async () => {
    stack = await startStack({ freePorts: true, quiet: true, ...options });
  }, START_MS);
  afterAll(() => stack?.stop());
  return () => {
    if (!stack) throw new Error("The stack runs only while tests do: call this inside a test");
    return stack;
  };
}
