/**
 * A stretch of road between the Worker and the Upstash front on which replies can be held up: by then Redis has done
 * what it was asked, and the Worker does not know it yet.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReplyHolder {
  /** What the Worker takes for the front. */
  readonly url: string;
  /** Where requests go on to. */
  readonly leadTo: (frontUrl: string) => void;
  /** Holds up the next reply to a request whose body contains the text. */
  readonly holdNext: (text: string) => HeldReply;
  readonly stop: () => Promise<void>;
}

export interface HeldReply {
  /** Settles when Redis has answered and the reply is on the road. */
  readonly arrived: Promise<void>;
  /** Lets the reply go, to whoever still waits for it. */
  readonly release: () => void;
}

interface Hold {
  readonly text: string;
  readonly arrive: () => void;
  readonly released: Promise<void>;
}

export async function startReplyHolder(): Promise<ReplyHolder> {
  const holds: Hold[] = [];
  let front = "";

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const onward = request(`${front}${incoming.url ?? "/"}`, {
        method: incoming.method ?? "GET",
        headers: incoming.headers,
      });
      onward.once("response", resolve).once("error", reject).end(body);
      outgoing.once("close", () => onward.destroy());
    });
    const place = holds.findIndex(({ text }) => body.includes(text));
    const [hold] = place < 0 ? [] : holds.splice(place, 1);
    hold?.arrive();
    await hold?.released;
    outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
    outgoing.flushHeaders();
    reply.pipe(outgoing);
  }

  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (frontUrl) => {
      front = frontUrl;
    },
    holdNext: (text) => {
      const arrival = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      holds.push({ text, arrive: arrival.resolve, released: release.promise });
      return { arrived: arrival.promise, release: release.resolve };
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
