/** Runs a program of a development dependency with this Node, and gives back what it said. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { PROJECT_ROOT } from "../../infra/local/build.ts";

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `script` is a path below `node_modules`. It runs in an empty home of its own, and ends with the test at the latest. */
export async function runCommand(script: string, args: readonly string[]): Promise<CommandResult> {
  const home = await mkdtemp(join(tmpdir(), "baton-test-"));
  const child = spawn(process.execPath, [join(PROJECT_ROOT, "node_modules", script), ...args], {
    cwd: home,
    env: { ...process.env, HOME: home, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await rm(home, { recursive: true, force: true });
  });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => (said[stream] += text));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { code, ...said };
}
