/** `npx baton` as a process that ends with its test. */
import { onTestFinished } from "vitest";
import type { Stack } from "../../../infra/local/stack.ts";
import { type Command, startCommand } from "../../local/support/command.ts";
import type { KeyRole } from "../../support/worker-api.ts";

/** Where nothing listens, nor can another test begin to: the system gives out no such port. */
export const NOBODY = "http://127.0.0.1:4";

export function baton(...args: string[]): Command {
  const command = startCommand("src/cli/bin.mjs", args);
  onTestFinished(() => void command.child.kill("SIGKILL"));
  return command;
}

export function connectionOf(
  { baseUrl, keys }: Pick<Stack, "baseUrl" | "keys">,
  role: KeyRole = "orchestrator",
): string[] {
  return ["--url", baseUrl, "--key", keys[role]];
}
