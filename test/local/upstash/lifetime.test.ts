import { createServer } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { startRedis } from "../../../infra/local/redis/start-redis.ts";
import { startUpstash } from "../../../infra/local/upstash/start-upstash.ts";

test("stop closes the port and every stream, and a second front takes the next free port", async () => {
  const redis = await startRedis({ choice: "embedded" });
  const first = await startUpstash({ redisUrl: redis.url, token: "one" });
  const port = Number(new URL(first.url).port);
  const second = await startUpstash({ redisUrl: redis.url, port, token: "two" });
  expect(Number(new URL(second.url).port)).toBeGreaterThan(port);
  const stream = await fetch(`${first.url}/subscribe/c?_token=one`, { method: "POST" });
  await Promise.all([first.stop(), second.stop()]);
  expect(await stream.text()).toMatch(/^(data: subscribe,c,1\n\n)?$/);
  await expect(fetch(first.url)).rejects.toThrow();
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
  await redis.stop();
});

test("a front without a Redis behind it does not start, and says where it looked", async () => {
  await expect(startUpstash({ redisUrl: "redis://127.0.0.1:1" })).rejects.toThrow(
    /^No Redis at redis:\/\/127\.0\.0\.1:1/,
  );
});

test("a lost Redis is a 500 for the requests in flight, not the end of the front", async () => {
  const redis = await startRedis({ choice: "embedded" });
  const front = await startUpstash({ redisUrl: redis.url });
  const port = Number(new URL(redis.url).port);
  await redis.stop();
  const get = () => fetch(`${front.url}/get/a?_token=${front.token}`);
  const lost = await get();
  expect(lost.status).toBe(500);
  expect((await lost.json<{ error: string }>()).error).toMatch(/^ERR .*Redis/);
  const again = await startRedis({ choice: "embedded", port });
  await expect.poll(async () => (await get()).status).toBe(200);
  await front.stop();
  await again.stop();
});
