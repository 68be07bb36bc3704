/** Ends a child process when its parent is gone, even by SIGKILL, where the parent has no chance to do it. */
import { spawn } from "node:child_process";

/**
 * Watches over `pid` until the returned function is called. The watch is a shell that reads from a pipe which only this
 * process holds: the pipe closes with it, and the shell kills `pid`. Without a POSIX shell (Windows) nothing is watched.
 */
export function guard(pid: number): () => void {
  const watch = spawn("/bin/sh", ["-c", 'read -r _; kill -9 "$0" 2>/dev/null', String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watch.on("error", () => undefined);
  watch.stdin.on("error", () => undefined);
  watch.unref();
  return () => {
    watch.kill("SIGKILL");
  };
}
