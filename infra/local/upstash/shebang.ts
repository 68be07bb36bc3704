// Reads the `#!lua flags=…` line of a script and takes it off, since not every engine knows Upstash's flag.

export type Shebang = {
  /** The script with an empty first line in place of the shebang, so that line numbers stay. */
  body: string;
  keyLocking: boolean;
  noWrites: boolean;
};

const KNOWN_FLAGS = new Set([
  "allow-key-locking",
  "no-writes",
  "allow-oom",
  "allow-stale",
  "no-cluster",
  "allow-cross-slot-keys",
]);

/** Returns the error's text for a line that Redis would refuse too. Flag source: upstash.com/docs/redis/features/key-locking. */
export function readShebang(script: string): Shebang | { error: string } {
  if (!script.startsWith("#!")) return { body: script, keyLocking: false, noWrites: false };
  const end = script.indexOf("\n");
  if (end < 0) return { error: "ERR Invalid script shebang" };
  const [engine, ...settings] = script.slice(2, end).trim().split(/\s+/);
  if (engine !== "lua") return { error: `ERR Unexpected engine in script shebang: ${engine}` };
  const flags = new Set<string>();
  for (const setting of settings) {
    if (!setting.startsWith("flags="))
      return { error: `ERR Unknown lua shebang option: ${setting}` };
    for (const flag of setting.slice("flags=".length).split(",")) flags.add(flag);
  }
  const unknown = [...flags].find((flag) => !KNOWN_FLAGS.has(flag));
  if (unknown !== undefined) return { error: `ERR Unexpected flag in script shebang: ${unknown}` };
  return {
    body: script.slice(end),
    keyLocking: flags.has("allow-key-locking"),
    noWrites: flags.has("no-writes"),
  };
}
