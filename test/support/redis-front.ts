/** A Redis with the Upstash front before it, for tests of the store: one per test file. */
import { startRedis } from "../../infra/local/redis/start-redis.ts";
import { startUpstash, type UpstashFront } from "../../infra/local/upstash/start-upstash.ts";

export interface RedisFront {
  readonly engine: string;
  readonly redisUrl: string;
  readonly upstash: UpstashFront;
  readonly stop: () => Promise<void>;
}

export interface RedisFrontOptions {
  /** `server`, `embedded` or an address; the first engine that there is where absent. */
  readonly choice?: string | undefined;
}

export async function startRedisFront({ choice }: RedisFrontOptions = {}): Promise<RedisFront> {
  const redis = await startRedis({ ...(choice !== undefined && { choice }) });
  const upstash = await startUpstash({ redisUrl: redis.url });
  return {
    engine: redis.engine,
    redisUrl: redis.url,
    upstash,
    stop: async () => {
      await upstash.stop();
      await redis.stop();
    },
  };
}
