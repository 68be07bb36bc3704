/** Reads texts that lie beside records, or in blobs. */
import type { Keys } from "./keys.ts";
import type { Transport } from "./transport.ts";

/** A text beside a record (`r1t2:result`), or a blob. */
export type TextName = { readonly field: string } | { readonly blob: string };

/** In the order of their names, undefined where there is none. One round trip for all. */
export async function readTexts({
  transport,
  keys,
  names,
}: {
  transport: Transport;
  keys: Keys;
  names: readonly TextName[];
}): Promise<(string | undefined)[]> {
  if (names.length === 0) return [];
  const replies = await transport.pipeline(
    names.map((name) =>
      "blob" in name
        ? (["GET", keys.blob(name.blob)] as const)
        : (["HGET", shardKey(keys, name.field), name.field] as const),
    ),
  );
  return replies.map((reply) => (typeof reply === "string" ? reply : undefined));
}

/** The same shard as `shard_of` in Lua. */
function shardKey(keys: Keys, field: string): string {
  const run = Number(/^r(\d+)/.exec(field)?.[1] ?? 0);
  return keys.shards[run % keys.shards.length] ?? "";
}
