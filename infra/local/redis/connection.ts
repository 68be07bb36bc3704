// One pipelined connection to Redis: many callers share it, replies come back in order.
import type { Socket } from "node:net";
import { handshakeCommands, openSocket, withoutPassword } from "./address.ts";
import { createRespParser } from "./resp-parser.ts";
import { encodeCommand, RespError, type CommandArgument, type RespValue } from "./resp.ts";

export type RedisCommand = readonly CommandArgument[];

export type RedisConnection = {
  /** Sends one command. Error replies are values ({@link RespError}); only a lost connection rejects. */
  call: (command: RedisCommand) => Promise<RespValue>;
  /** Sends commands back to back, with nothing of another caller between them; replies in the same order. */
  batch: (commands: readonly RedisCommand[]) => Promise<RespValue[]>;
  /** Sends a command that has no reply of its own: SUBSCRIBE and its like, whose answers go to `onPush`. */
  post: (command: RedisCommand) => void;
  close: () => void;
};

export type ConnectOptions = {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  url: string;
  /** Receives what Redis sends unasked in subscribe mode: `[kind, channel, …]`. Without it, every reply answers a call. */
  onPush?: (message: RespValue[]) => void;
  /** Called once when the connection has ended for good (closed, or lost with `reconnect: "never"`). */
  onClose?: () => void;
  /**
   * `"never"`: a lost connection stays lost. Otherwise calls made while it is down wait for at most `attempts` tries,
   * `delayMs` apart, and then fail; the next call tries again. Calls in flight at the loss always fail, since
   * nobody knows whether they were executed.
   */
  reconnect?: "never" | { attempts: number; delayMs: number };
};

type Waiter = { resolve: (reply: RespValue) => void; reject: (error: Error) => void };
type Outgoing = { bytes: string | Buffer; waiters: Waiter[] };

const DEFAULT_RECONNECT = { attempts: 20, delayMs: 100 };

/**
 * Connects and authenticates.
 *
 * @throws Error if nothing answers there, or if it refuses the user, the password or the database number.
 */
export async function connectRedis(options: ConnectOptions): Promise<RedisConnection> {
  const link = createLink(options);
  await link.open();
  return {
    call: (command) =>
      new Promise((resolve, reject) =>
        link.send({ bytes: encodeCommand(command), waiters: [{ resolve, reject }] }),
      ),
    batch: (commands) => batch(link.send, commands),
    post: (command) => link.send({ bytes: encodeCommand(command), waiters: [] }),
    close: link.close,
  };
}

function batch(
  send: (outgoing: Outgoing) => void,
  commands: readonly RedisCommand[],
): Promise<RespValue[]> {
  const encoded = commands.map(encodeCommand);
  const bytes = encoded.every((part) => typeof part === "string")
    ? encoded.join("")
    : Buffer.concat(encoded.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  const replies = commands.map(() => Promise.withResolvers<RespValue>());
  send({ bytes, waiters: replies });
  return Promise.all(replies.map((reply) => reply.promise));
}

function createLink(options: ConnectOptions) {
  const policy = options.reconnect ?? DEFAULT_RECONNECT;
  let socket: Socket | undefined;
  let opening: Promise<void> | undefined;
  let ended = false;
  /** Written, waiting for their replies, oldest first. */
  let waiting: Waiter[] = [];
  /** Handed over while there was no connection. */
  let parked: Outgoing[] = [];
  /** To be written together at the end of this turn of the event loop. */
  let outbox: (string | Buffer)[] = [];

  function send(outgoing: Outgoing): void {
    if (ended) return fail(outgoing.waiters, "The connection to Redis is closed.");
    if (socket === undefined) {
      parked.push(outgoing);
      void reopen();
      return;
    }
    if (outbox.push(outgoing.bytes) === 1) process.nextTick(flush);
    waiting.push(...outgoing.waiters);
  }

  function flush(): void {
    const parts = outbox;
    outbox = [];
    if (socket === undefined || parts.length === 0) return;
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
  }

  function receive(reply: RespValue): void {
    if (options.onPush !== undefined && isPush(reply)) options.onPush(reply);
    else waiting.shift()?.resolve(reply);
  }

  async function open(): Promise<void> {
    const opened = await openSocket(options.url);
    // Handshake replies come through the same parser, so the waiters of parked commands must queue behind them.
    const handshake = handshakeCommands(options.url);
    const parser = createRespParser(receive);
    opened.on("data", (chunk) => {
      try {
        parser.push(chunk);
      } catch (error) {
        opened.destroy(error instanceof Error ? error : undefined);
      }
    });
    opened.on("close", () => lost(opened));
    opened.on("error", () => opened.destroy());
    socket = opened;
    if (handshake.length > 0) {
      const replies = await batch(send, handshake);
      const refusal = replies.find((reply) => reply instanceof RespError);
      if (refusal !== undefined) {
        close();
        throw new Error(`Redis at ${withoutPassword(options.url)} refused: ${refusal.message}`);
      }
    }
    if (ended) opened.destroy();
    const held = parked;
    parked = [];
    for (const outgoing of held) send(outgoing);
  }

  function lost(closed: Socket): void {
    if (socket !== closed) return;
    socket = undefined;
    outbox = [];
    const unanswered = waiting;
    waiting = [];
    fail(
      unanswered,
      "The connection to Redis was lost before the reply: it may or may not have been executed.",
    );
    if (policy === "never" && !ended) finish();
  }

  function reopen(): Promise<void> {
    opening ??= tryToOpen().finally(() => (opening = undefined));
    return opening;
  }

  async function tryToOpen(): Promise<void> {
    if (policy === "never") return;
    for (let attempt = 1; attempt <= policy.attempts; attempt++) {
      if (ended) break;
      try {
        return await open();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, policy.delayMs));
      }
    }
    const held = parked;
    parked = [];
    for (const outgoing of held)
      fail(outgoing.waiters, `Redis at ${withoutPassword(options.url)} does not answer.`);
  }

  function close(): void {
    if (ended) return;
    finish();
    socket?.destroy();
    const left = [...waiting, ...parked.flatMap((outgoing) => outgoing.waiters)];
    waiting = [];
    parked = [];
    fail(left, "The connection to Redis was closed.");
  }

  function finish(): void {
    ended = true;
    options.onClose?.();
  }

  return { open, send, close };
}

function fail(waiters: readonly Waiter[], message: string): void {
  for (const waiter of waiters) waiter.reject(new Error(message));
}

const PUSH_KINDS = new Set([
  "message",
  "pmessage",
  "subscribe",
  "psubscribe",
  "unsubscribe",
  "punsubscribe",
]);

function isPush(reply: RespValue): reply is RespValue[] {
  return Array.isArray(reply) && Buffer.isBuffer(reply[0]) && PUSH_KINDS.has(reply[0].toString());
}
