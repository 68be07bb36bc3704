/** Reads records and the texts beside them as they are stored, and blobs: one round trip for all. */
import type { Keys } from "./keys.ts";
import type { Read, Transport } from "./transport.ts";

/** A record or a text beside one (`r1t2`, `r1t2:result`), or a blob. */
export type TextName = { readonly field: string } | { readonly blob: string };

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
  const blobs = names.flatMap((name) => ("blob" in name ? [name.blob] : []));
  const fields = names.flatMap((name) => ("field" in name ? [name.field] : []));
  // A run lies whole in one shard: its texts take one command together.
  const shards = [...Map.groupBy(fields, (field) => shardKey(keys, field))];
  const replies = await transport.pipeline([
    ...blobs.map((name): Read => ["GET", keys.blob(name)]),
    ...shards.map(([shard, wanted]): Read => ["HMGET", shard, ...wanted]),
  ]);
  const found = new Map<string, unknown>();
  blobs.forEach((name, index) => found.set(keys.blob(name), replies[index]));
  shards.forEach(([, wanted], index) => {
    const reply = replies[blobs.length + index];
    const texts: unknown[] = Array.isArray(reply) ? reply : [];
    wanted.forEach((field, place) => found.set(field, texts[place]));
  });
  return names.map((name) => {
    const text = found.get("blob" in name ? keys.blob(name.blob) : name.field);
    return typeof text === "string" ? text : undefined;
  });
}

/** The same shard as `shard_of` in Lua. */
function shardKey(keys: Keys, field: string): string {
  const run = Number(/^r(\d+)/.exec(field)?.[1] ?? 0);
  return keys.shards[run % keys.shards.length] ?? "";
}
