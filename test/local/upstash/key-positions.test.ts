import { expect, test } from "vitest";
import { keysOf } from "../../../infra/local/upstash/command-table.ts";
import { onEachEngine } from "./engines.ts";

/** Each command with its keys named k1, k2, … and everything else named otherwise. */
const COMMANDS = [
  "GET k1",
  "SET k1 v NX",
  "GETDEL k1",
  "MGET k1 k2 k3",
  "MSET k1 v k2 v",
  "SETEX k1 10 v",
  "INCRBY k1 2",
  "DEL k1 k2",
  "UNLINK k1 k2",
  "EXISTS k1 k2",
  "TOUCH k1 k2",
  "PEXPIRE k1 100",
  "PERSIST k1",
  "TYPE k1",
  "RENAME k1 k2",
  "RENAMENX k1 k2",
  "COPY k1 k2 REPLACE",
  "BITOP AND k1 k2 k3",
  "BITCOUNT k1",
  "HSET k1 f v",
  "HMGET k1 f g",
  "HINCRBY k1 f 1",
  "HRANDFIELD k1 2",
  "HSCAN k1 0",
  "LPUSH k1 a b",
  "LMOVE k1 k2 LEFT RIGHT",
  "RPOPLPUSH k1 k2",
  "LMPOP 2 k1 k2 LEFT",
  "SADD k1 a",
  "SMISMEMBER k1 a b",
  "SMOVE k1 k2 a",
  "SINTER k1 k2",
  "SINTERCARD 2 k1 k2 LIMIT 1",
  "SUNIONSTORE k1 k2 k3",
  "ZADD k1 1 a",
  "ZRANGE k1 0 -1 WITHSCORES",
  "ZRANGEBYLEX k1 - + LIMIT 0 1",
  "ZRANGESTORE k1 k2 0 -1",
  "ZREMRANGEBYSCORE k1 0 1",
  "ZPOPMIN k1 2",
  "ZMPOP 2 k1 k2 MIN",
  "ZUNION 2 k1 k2 WITHSCORES",
  "ZDIFF 2 k1 k2",
  "ZINTERCARD 2 k1 k2",
  "ZUNIONSTORE k1 2 k2 k3 WEIGHTS 1 2",
  "ZINTERSTORE k1 2 k2 k3",
  "ZDIFFSTORE k1 2 k2 k3",
  "XADD k1 MAXLEN ~ 5 * f v",
  "XRANGE k1 - +",
  "XTRIM k1 MAXLEN 5",
  "XREAD COUNT 1 STREAMS k1 k2 0 0",
  "XREADGROUP GROUP g c STREAMS k1 >",
  "XGROUP CREATE k1 g 0 MKSTREAM",
  "XINFO STREAM k1",
  "XACK k1 g 1-1",
  "PFADD k1 a",
  "PFCOUNT k1 k2",
  "PFMERGE k1 k2",
  "GEOADD k1 1 1 a",
  "GEOSEARCHSTORE k1 k2 FROMMEMBER a BYRADIUS 1 m",
  "GEORADIUS k1 1 1 1 m STORE k2",
  "PUBLISH channel message",
  "PING",
  "TIME",
  "KEYS *",
  "SCAN 0",
  "RANDOMKEY",
].map((line) => line.split(" "));

const isKey = (word: string): boolean => /^k\d$/.test(word);

test.for(COMMANDS)("finds the keys of %s", ([name = "", ...args]) => {
  expect(keysOf(name, args)).toEqual(args.filter(isKey));
});

onEachEngine("key positions inside scripts", ({ request }) => {
  const SCRIPT = "#!lua flags=allow-key-locking\nreturn redis.pcall(unpack(ARGV))";
  const errorOf = async (script: string, keys: string[], args: string[]): Promise<string> => {
    const response = await request("/", { body: ["EVAL", script, keys.length, ...keys, ...args] });
    return (await response.json<{ error?: string }>()).error ?? "";
  };

  test.for(COMMANDS.map((command) => ({ command })))(
    "$command is let through with all of its keys declared, and not without any one of them",
    async ({ command }) => {
      const keys = command.filter(isKey);
      expect(await errorOf(SCRIPT, keys, command)).not.toContain("Dynamic keys");
      for (const missing of keys) {
        const others = keys.filter((key) => key !== missing);
        expect(await errorOf(SCRIPT, others, command)).toMatch(
          new RegExp(`Dynamic keys .* Key was: ${missing}$`),
        );
      }
    },
  );

  test("a name written out in the script is checked like a computed one, in any case", async () => {
    for (const name of ["ZUNIONSTORE", "zunionstore", "ZunionStore"]) {
      const script = `#!lua flags=allow-key-locking\nreturn redis.call('${name}', KEYS[1], 1, 'k2')`;
      expect(await errorOf(script, ["k1"], [])).toContain("Key was: k2");
    }
  });
});
