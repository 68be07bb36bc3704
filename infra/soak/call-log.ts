/** The log of one process: a line before each call and one after it, so that a kill loses nothing that was seen. */
import { openSync, writeSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Body, type Outcome, type SeenCall, seenCall } from "../../test/support/seen-call.ts";

const line = z.strictObject({ id: z.string(), call: seenCall });

export interface CallLog {
  /** Notes a call; the returned function notes how it ended. */
  readonly begin: (call: { tool: string; args: Body }) => (outcome: Outcome) => void;
}

export function openCallLog(path: string, client: string, life: string): CallLog {
  const file = openSync(path, "a");
  let calls = 0;
  const write = (id: string, call: SeenCall): void => {
    writeSync(file, `${JSON.stringify({ id, call })}\n`);
  };
  return {
    begin: ({ tool, args }) => {
      const id = `${client} ${life} ${++calls}`;
      const call = { client, tool, args, began: Date.now() };
      write(id, { ...call, outcome: { lost: "killed before an answer came" } });
      return (outcome) => write(id, { ...call, ended: Date.now(), outcome });
    },
  };
}

/** All calls in the logs of a folder. A last line that was cut off by a kill is passed over. */
export async function readCallLogs(dir: string): Promise<SeenCall[]> {
  const calls = new Map<string, SeenCall>();
  for (const name of await readdir(dir)) {
    if (!name.endsWith(".jsonl")) continue;
    for (const text of (await readFile(join(dir, name), "utf8")).split("\n")) {
      if (!text.endsWith("}")) continue;
      const { id, call } = line.parse(JSON.parse(text));
      calls.set(id, call);
    }
  }
  return [...calls.values()];
}
