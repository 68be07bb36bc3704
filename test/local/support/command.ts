/** Runs one of the project's commands as a child process, the way npm does. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../../infra/local/build.ts";

export interface Command {
  readonly child: ChildProcess;
  readonly pid: number;
  /** All that it has written so far, errors too. */
  readonly output: () => string;
  /** Resolves when the output contains `text`; rejects when the process ends without it. */
  readonly said: (text: string) => Promise<void>;
  /** The exit code, or -1 when a signal ended it. */
  readonly ended: Promise<number>;
}

/** `script` is relative to the project. */
export function startCommand(script: string, args: readonly string[] = []): Command {
  const child = spawn(process.execPath, [join(PROJECT_ROOT, script), ...args], {
    cwd: PROJECT_ROOT,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? -1));
  });
  return {
    child,
    pid: child.pid ?? -1,
    output: () => output,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (output.includes(text)) resolve();
        };
        waiting.add(look);
        look();
        const fail = () => reject(new Error(`It ended without saying "${text}":\n${output}`));
        ended.then(fail, fail);
      }),
    ended,
  };
}
