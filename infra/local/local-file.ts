/** Tells scripts where the local stack is and how to get in, in a file that is there while it runs. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { PROJECT_ROOT } from "./build.ts";
import type { Stack } from "./stack.ts";

const LOCAL_FILE = join(PROJECT_ROOT, ".baton", "local.json");

/** The other stack has this long to answer before its file counts as left behind. */
const ANSWER_MS = 1_000;

const content = z.looseObject({ base_url: z.url() });

/**
 * Writes `path` and answers with the function that removes it; nothing if a stack that still answers wrote it before: the
 * first one keeps it.
 */
export async function publishLocalFile(
  stack: Pick<Stack, "baseUrl" | "mcpUrl" | "keys" | "redis"> & {
    readonly upstash: Pick<Stack["upstash"], "url" | "token">;
    readonly qstash: Pick<Stack["qstash"], "url" | "token">;
  },
  path = LOCAL_FILE,
): Promise<(() => Promise<void>) | undefined> {
  if (await isAnothers(path, stack.baseUrl)) return undefined;
  const { baseUrl, mcpUrl, keys, redis, upstash, qstash } = stack;
  const facts = {
    mcp_url: mcpUrl,
    base_url: baseUrl,
    keys,
    redis: { engine: redis.engine, url: redis.url },
    upstash: { url: upstash.url, token: upstash.token },
    qstash: { url: qstash.url, token: qstash.token },
  };
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify(facts, undefined, 2)}\n`);
  await rename(unfinished, path); // Readers see a whole file or none.
  return () => rm(path, { force: true });
}

/** A file that names our own address was left behind by a stack that was killed: the address is ours now. */
async function isAnothers(path: string, own: string): Promise<boolean> {
  try {
    const { base_url } = content.parse(JSON.parse(await readFile(path, "utf8")));
    if (base_url === own) return false;
    const signal = AbortSignal.timeout(ANSWER_MS);
    return (await fetch(new URL("/healthz", base_url), { signal })).ok;
  } catch {
    return false;
  }
}
