// A real HTTP endpoint for deliveries: records what arrives and answers as the test says.

import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { once } from "node:events";

export type Delivery = {
  readonly method: string;
  /** Path and query as received. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
};

export type Reply = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
};

export type Endpoint = {
  /** Base URL, without a slash at the end. */
  readonly url: string;
  readonly deliveries: Delivery[];
  /** How to answer from now on; the default is 200 with an empty body. */
  answer(reply: Reply | ((delivery: Delivery) => Reply | Promise<Reply>)): void;
  /** Resolves once this many deliveries have arrived in all. */
  arrived(count: number): Promise<void>;
  stop(): Promise<void>;
};

export async function startEndpoint({ port = 0 }: { port?: number } = {}): Promise<Endpoint> {
  const deliveries: Delivery[] = [];
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  let reply: (delivery: Delivery) => Reply | Promise<Reply> = () => ({ status: 200 });

  async function receive(request: IncomingMessage): Promise<Reply> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
    const delivery: Delivery = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks).toString(),
    };
    deliveries.push(delivery);
    const due = waiting.filter(({ count }) => deliveries.length >= count);
    waiting = waiting.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve();
    return await reply(delivery);
  }

  const server = createServer((request, response) => {
    void receive(request).then(({ status, headers = {}, body = "" }) => {
      response.writeHead(status, headers);
      response.end(body);
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");

  return {
    url: `http://127.0.0.1:${address.port}`,
    deliveries,
    answer: (next) => {
      reply = typeof next === "function" ? next : () => next;
    },
    arrived: async (count) => {
      if (deliveries.length >= count) return;
      await new Promise<void>((resolve) => {
        waiting.push({ count, resolve });
      });
    },
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
