import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRedis } from "../../../infra/local/redis/connection.ts";
import { RespError, textOf, type RespValue } from "../../../infra/local/redis/resp.ts";
import { startRedis, type RunningRedis } from "../../../infra/local/redis/start-redis.ts";

const wordsOf = (message: RespValue[]): string[] =>
  message.map((field) => (Array.isArray(field) ? "" : textOf(field)));

describe("a connection to Redis", () => {
  let redis: RunningRedis;
  beforeAll(async () => {
    redis = await startRedis({ choice: "embedded" });
  });
  afterAll(() => redis.stop());

  test("gives each of many pipelined calls its own reply", async () => {
    const connection = await connectRedis({ url: redis.url });
    const numbers = Array.from({ length: 500 }, (_, index) => String(index));
    const stored = numbers.map((number) => connection.call(["SET", `k${number}`, number]));
    await Promise.all(stored);
    const replies = await Promise.all(
      numbers.map((number) => connection.call(["GET", `k${number}`])),
    );
    expect(replies.map(String)).toEqual(numbers);
    connection.close();
  });

  test("sends a batch with nothing of another caller inside", async () => {
    const connection = await connectRedis({ url: redis.url });
    const batches = Array.from({ length: 20 }, () =>
      connection.batch([["MULTI"], ["INCR", "n"], ["INCR", "n"], ["EXEC"]]),
    );
    const results = (await Promise.all(batches)).map((replies) => replies.at(-1));
    expect(results).toEqual(
      Array.from({ length: 20 }, (_, index) => [2 * index + 1, 2 * index + 2]),
    );
    connection.close();
  });

  test("gives an error reply as a value", async () => {
    const connection = await connectRedis({ url: redis.url });
    expect(await connection.call(["GET"])).toBeInstanceOf(RespError);
    connection.close();
    await expect(connection.call(["PING"])).rejects.toThrow(/closed/);
  });

  test("hands messages over as they come in subscribe mode", async () => {
    const received: string[][] = [];
    const { promise: subscribed, resolve: onSubscribed } = Promise.withResolvers<void>();
    const { promise: done, resolve: onDone } = Promise.withResolvers<void>();
    const listener = await connectRedis({
      url: redis.url,
      reconnect: "never",
      onPush(message) {
        received.push(wordsOf(message));
        if (received.length === 1) onSubscribed();
        if (received.length === 2) onDone();
      },
    });
    listener.post(["SUBSCRIBE", "c"]);
    await subscribed;
    const publisher = await connectRedis({ url: redis.url });
    expect(await publisher.call(["PUBLISH", "c", "hello"])).toBe(1);
    await done;
    expect(received).toEqual([
      ["subscribe", "c", "1"],
      ["message", "c", "hello"],
    ]);
    listener.close();
    publisher.close();
  });

  test("refuses a database that does not exist, and an address where nothing answers", async () => {
    await expect(connectRedis({ url: `${redis.url}/99` })).rejects.toThrow(/refused: ERR/);
    await expect(connectRedis({ url: "redis://:secret@127.0.0.1:1" })).rejects.toThrow(
      /^No Redis at redis:\/\/:\*\*\*@127\.0\.0\.1:1/,
    );
  });
});

describe("when Redis goes away", () => {
  test("calls in flight fail, later ones wait for its return", async () => {
    const redis = await startRedis({ choice: "embedded" });
    const connection = await connectRedis({
      url: redis.url,
      reconnect: { attempts: 2_000, delayMs: 20 },
    });
    const blocked = connection.call(["BLPOP", "never", "0"]);
    await Promise.all([
      expect(blocked).rejects.toThrow(/may or may not have been executed/),
      redis.stop(),
    ]);
    const later = connection.call(["PING"]);
    const again = await startRedis({ choice: "embedded", port: Number(new URL(redis.url).port) });
    expect(await later).toMatchObject({ text: "PONG" });
    connection.close();
    await again.stop();
  });

  test("calls fail when it stays away, and with `never` the connection ends", async () => {
    const redis = await startRedis({ choice: "embedded" });
    const patient = await connectRedis({ url: redis.url, reconnect: { attempts: 2, delayMs: 5 } });
    const { promise: ended, resolve: onClose } = Promise.withResolvers<void>();
    await connectRedis({ url: redis.url, reconnect: "never", onClose });
    await redis.stop();
    await ended;
    await expect(patient.call(["PING"])).rejects.toThrow(/does not answer|was lost/);
    await expect(patient.call(["PING"])).rejects.toThrow(/does not answer/);
    patient.close();
  });
});
