/** Looks at the processes of this machine, to see that nothing is left running. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Linux tells about processes here; elsewhere such tests are skipped. */
export const CAN_SEE_PROCESSES = existsSync("/proc/self/stat");

interface Process {
  readonly pid: number;
  readonly parent: number;
}

/** All living processes below `pid`, at any depth. */
export function descendants(pid: number): number[] {
  const all = living();
  const found = new Set([pid]);
  for (const ancestor of found) {
    // A set is walked on to what is added to it meanwhile.
    for (const process of all) if (process.parent === ancestor) found.add(process.pid);
  }
  found.delete(pid);
  return [...found];
}

/** The name of the program that `pid` runs, as the system has it (15 characters at most). */
export function programOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}

/** Those of `pids` that still live. */
export function stillAlive(pids: readonly number[]): number[] {
  const alive = new Set(living().map(({ pid }) => pid));
  return pids.filter((pid) => alive.has(pid));
}

/** A process that has ended but was not collected by its parent (state Z or X) does not count. */
function living(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = readStat(name);
    // "pid (name) state parent …": the name may hold anything, so the last parenthesis counts.
    const [state = "X", parent = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? [] : [{ pid: Number(name), parent: Number(parent) }];
  });
}

function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return ") X 0"; // It ended meanwhile.
  }
}
