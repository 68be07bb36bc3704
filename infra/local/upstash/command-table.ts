// What the front knows of Redis commands: where their keys are, which ones only read, which ones Upstash refuses.

/** Where a command's keys stand among its arguments (the command's name not counted, first argument = 1). */
export const KEY_POSITIONS = [
  "none",
  "first",
  "all",
  "first-two",
  "odd",
  "from-second",
  "counted",
  "first-and-counted",
  "after-streams",
  "second",
  "all-but-last",
  "every-third",
  "first-and-store",
] as const;

export type KeyPosition = (typeof KEY_POSITIONS)[number];

/** Commands that are not here have one key, their first argument. */
const BY_POSITION: Partial<Record<KeyPosition, string>> = {
  none:
    "PUBLISH SPUBLISH TIME PING ECHO DBSIZE KEYS SCAN RANDOMKEY FLUSHALL FLUSHDB INFO COMMAND CONFIG SELECT AUTH " +
    "HELLO QUIT RESET WAIT WAITAOF LASTSAVE PUBSUB SCRIPT FUNCTION LOLWUT ROLE ACL SAVE BGSAVE CLUSTER CLIENT DEBUG",
  all: "DEL UNLINK EXISTS TOUCH MGET SINTER SUNION SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE PFCOUNT PFMERGE WATCH",
  "first-two":
    "RENAME RENAMENX COPY LMOVE RPOPLPUSH SMOVE ZRANGESTORE LCS GEOSEARCHSTORE BLMOVE BRPOPLPUSH",
  odd: "MSET MSETNX",
  "from-second": "BITOP",
  counted: "ZUNION ZINTER ZDIFF ZINTERCARD SINTERCARD ZMPOP LMPOP",
  "first-and-counted":
    "ZUNIONSTORE ZINTERSTORE ZDIFFSTORE EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO",
  "after-streams": "XREAD XREADGROUP",
  second: "XGROUP XINFO OBJECT MEMORY",
  "all-but-last": "JSON.MGET BLPOP BRPOP BZPOPMIN BZPOPMAX",
  "every-third": "JSON.MSET",
  "first-and-store": "GEORADIUS GEORADIUSBYMEMBER SORT",
};

/** In these, the first argument is a script, a sha or a function's name, not a key. */
const SCRIPT_CALLS = words("EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO");

/** Every command whose keys are not simply its first argument. */
export const POSITION_OF: ReadonlyMap<string, KeyPosition> = new Map(
  KEY_POSITIONS.flatMap((position) =>
    [...words(BY_POSITION[position] ?? "")].map((command) => [command, position] as const),
  ),
);

/** What the read-only token may run. SCAN and KEYS only read, but are kept from it. Source: upstash.com/docs/redis/features/restapi. */
export const READ_COMMANDS = words(
  "GET MGET STRLEN GETRANGE SUBSTR GETBIT BITCOUNT BITPOS BITFIELD_RO LCS EXISTS TYPE TTL PTTL EXPIRETIME " +
    "PEXPIRETIME TOUCH DBSIZE RANDOMKEY HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSTRLEN HRANDFIELD HSCAN HTTL " +
    "HPTTL HEXPIRETIME HPEXPIRETIME LRANGE LLEN LINDEX LPOS SMEMBERS SISMEMBER SMISMEMBER SCARD SRANDMEMBER SSCAN " +
    "SINTER SUNION SDIFF SINTERCARD ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX " +
    "ZSCORE ZMSCORE ZRANK ZREVRANK ZCARD ZCOUNT ZLEXCOUNT ZRANDMEMBER ZSCAN ZUNION ZINTER ZDIFF ZINTERCARD XRANGE " +
    "XREVRANGE XLEN XREAD XPENDING XINFO GEODIST GEOHASH GEOPOS GEOSEARCH GEORADIUS_RO GEORADIUSBYMEMBER_RO PFCOUNT " +
    "JSON.GET JSON.MGET JSON.TYPE JSON.STRLEN JSON.ARRLEN JSON.ARRINDEX JSON.OBJKEYS JSON.OBJLEN JSON.RESP " +
    "EVAL_RO EVALSHA_RO FCALL_RO PING ECHO TIME COMMAND INFO",
);

/** Exist over TCP or as a path of their own, not as a REST command. */
const NOT_OVER_REST = words(
  "AUTH HELLO QUIT RESET CLIENT MULTI EXEC DISCARD WATCH UNWATCH MONITOR SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE " +
    "PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP",
);

/** Not offered by Upstash at all. */
const UNAVAILABLE = words(
  "DEBUG OBJECT MEMORY SLOWLOG LATENCY SORT SORT_RO SWAPDB MOVE MIGRATE DUMP RESTORE SAVE BGSAVE BGREWRITEAOF " +
    "LASTSAVE SHUTDOWN REPLICAOF SLAVEOF FAILOVER ROLE SYNC PSYNC REPLCONF CLUSTER ASKING READONLY READWRITE MODULE " +
    "LOLWUT ACL SPUBLISH PFDEBUG PFSELFTEST",
);

/** Commands that a script may not call on Upstash though a plain Redis would let it. */
export const UNAVAILABLE_IN_SCRIPTS = UNAVAILABLE;

/** Lock the whole database, so a script that locks only its keys may not call them. */
export const DATABASE_WIDE_WRITES = words("FLUSHALL FLUSHDB");

/** The error with which Upstash refuses this command over REST, or undefined. Names in upper case. */
export function refusalOf(name: string, firstArgument: string | undefined): string | undefined {
  if (NOT_OVER_REST.has(name)) return notOverRest(name);
  if (UNAVAILABLE.has(name)) return unavailable(name);
  if (name === "SELECT" && firstArgument !== "0") return "ERR DB index is out of range";
  return undefined;
}

export function notOverRest(name: string): string {
  return `ERR Command "${name}" is not allowed in REST or it has a special context path`;
}

export function unavailable(name: string): string {
  return `ERR Command is not available: '${name}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`;
}

/** The keys of a command, its name (upper case) apart from its arguments. Malformed commands yield what can be found. */
export function keysOf<Argument>(name: string, args: readonly Argument[]): readonly Argument[] {
  const at = (position: number): Argument[] => args.slice(position - 1, position);
  switch (POSITION_OF.get(name) ?? "first") {
    case "none":
      return [];
    case "first":
      return at(1);
    case "all":
      return args;
    case "first-two":
      return args.slice(0, 2);
    case "odd":
      return args.filter((_, index) => index % 2 === 0);
    case "from-second":
      return args.slice(1);
    case "counted":
      return args.slice(1, 1 + countAt(args, 1));
    case "first-and-counted": {
      const counted = args.slice(2, 2 + countAt(args, 2));
      return SCRIPT_CALLS.has(name) ? counted : [...at(1), ...counted];
    }
    case "after-streams": {
      const rest = args.slice(wordAt(args, "STREAMS") + 1);
      return rest.slice(0, rest.length / 2);
    }
    case "second":
      return at(2);
    case "all-but-last":
      return args.slice(0, -1);
    case "every-third":
      return args.filter((_, index) => index % 3 === 0);
    case "first-and-store": {
      const store = Math.max(wordAt(args, "STORE"), wordAt(args, "STOREDIST"));
      return store < 0 ? at(1) : [...at(1), ...args.slice(store + 1, store + 2)];
    }
  }
}

function countAt(args: readonly unknown[], position: number): number {
  const count = Number(String(args[position - 1]));
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

function wordAt(args: readonly unknown[], word: string): number {
  return args.findIndex((argument) => String(argument).toUpperCase() === word);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" ").filter((word) => word !== ""));
}
