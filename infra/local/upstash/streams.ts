// Serves /subscribe, /psubscribe and /monitor as server-sent events.
import type { ServerResponse } from "node:http";
import { connectRedis } from "../redis/connection.ts";
import { textOf, type RespValue } from "../redis/resp.ts";
import type { FaultInjector } from "./faults.ts";
import type { Monitor } from "./monitor.ts";

type StreamRequest = {
  command: "subscribe" | "psubscribe" | "monitor";
  channels: readonly string[];
};

export type Streams = {
  /** Answers with an event stream that lasts until the client, Redis or `close` ends it. */
  serve: (request: StreamRequest, response: ServerResponse) => Promise<void>;
  count: () => number;
  close: (channel?: string) => number;
};

type StreamParts = { redisUrl: string; faults: FaultInjector; monitor: Monitor };
type OpenStream = { channels: readonly string[]; end: () => void };

/** Each stream has a connection of its own, so the subscription count in the acknowledgement is its own too. */
export function createStreams({ redisUrl, faults, monitor }: StreamParts): Streams {
  const open = new Set<OpenStream>();

  async function serve(request: StreamRequest, response: ServerResponse): Promise<void> {
    let release: () => void = () => undefined;
    const stream: OpenStream = { channels: request.channels, end: () => response.end() };
    open.add(stream);
    response.on("close", () => {
      open.delete(stream);
      release();
    });
    if (request.command === "monitor") {
      response.writeHead(200, EVENT_STREAM_HEADERS).write(event('"OK"'));
      release = monitor.listen((line) => response.write(event(line)));
      return;
    }
    const connection = await connectRedis({
      url: redisUrl,
      reconnect: "never",
      onPush: (message) => deliver(message, response),
      onClose: () => response.end(),
    });
    release = () => connection.close();
    // The client may have gone while the connection was being made.
    if (response.destroyed || response.writableEnded) return release();
    response.writeHead(200, EVENT_STREAM_HEADERS).flushHeaders();
    connection.post([request.command.toUpperCase(), ...request.channels]);
  }

  function deliver(message: readonly RespValue[], response: ServerResponse): void {
    const fields = message.map((field) => (Array.isArray(field) ? "" : textOf(field)));
    const fault = fields[0]?.endsWith("message") === true ? strike(fields) : undefined;
    if (fault?.kind === "close-stream") response.end();
    else if (fault === undefined) response.write(event(fields.join(",")));
  }

  function strike(fields: readonly string[]) {
    return faults.strikeMessage({ names: fields.slice(1, -1), text: () => fields.at(-1) ?? "" });
  }

  return {
    serve,
    count: () => open.size,
    close(channel) {
      const ending = [...open].filter(
        ({ channels }) => channel === undefined || channels.some((name) => name.includes(channel)),
      );
      for (const stream of ending) stream.end();
      return ending.length;
    },
  };
}

const EVENT_STREAM_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-cache" };

function event(data: string): string {
  return `${data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join("")}\n`;
}
