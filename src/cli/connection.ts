/** Where the server is, and the key for it: flags first, then the environment, then the local stack that runs. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { refuse, type Result } from "../domain/refusal.ts";

export interface Connection {
  /** Without a slash at the end. */
  readonly url: string;
  readonly key: string;
}

export const CONNECTION_FLAGS = {
  url: { value: "URL", help: "the server (default: BATON_URL, else the local stack)" },
  key: {
    value: "KEY",
    help: "a key, mostly an orchestrator's (default: BATON_KEY, which other users cannot see)",
  },
} as const;

interface Sources {
  readonly flags: { readonly url?: string; readonly key?: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where any key will do. */
  readonly anyKey?: boolean;
  /** Written by `npm run dev` while it runs. */
  readonly localFile?: string;
}

const LOCAL_FILE = join(import.meta.dirname, "..", "..", ".baton", "local.json");

const localStack = z.looseObject({
  base_url: z.string(),
  keys: z.looseObject({ orchestrator: z.string() }),
});

export async function findConnection({
  flags,
  env,
  anyKey = false,
  localFile = LOCAL_FILE,
}: Sources): Promise<Result<Connection>> {
  const url = flags.url ?? (env["BATON_URL"] || undefined);
  const key = flags.key ?? (env["BATON_KEY"] || undefined);
  const local = url !== undefined && key !== undefined ? undefined : await readLocal(localFile);
  const address = baseOf(url ?? local?.base_url);
  // The local key opens nothing but the local stack, so that it goes nowhere else.
  const fitting =
    key ?? (address === baseOf(local?.base_url) ? local?.keys.orchestrator : undefined);
  if (address === undefined) {
    return refuse(
      "invalid",
      url === undefined
        ? "No server: start a local one with npm run dev, or set BATON_URL and BATON_KEY (or --url and --key)."
        : `${url} is no address of a server; give one such as https://baton.example.com.`,
    );
  }
  if (fitting === undefined) {
    return refuse(
      "invalid",
      `No key for ${address}: set BATON_KEY (or --key) to ${anyKey ? "any key of it" : "an orchestrator key"}.`,
    );
  }
  return { ok: true, value: { url: address, key: fitting } };
}

/** People paste the address that their clients use. */
function baseOf(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    return undefined;
  }
  return url.replace(/\/+(?:mcp\/*)?$/, "");
}

async function readLocal(path: string): Promise<z.infer<typeof localStack> | undefined> {
  try {
    return localStack.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}
