// The Redis engine that needs nothing installed: it runs in this process, on a TCP port like any other.
import { BlockList, type Socket } from "node:net";
import { createRedisServer } from "js-redis-server";
import { isTaken } from "../ports.ts";

const THIS_MACHINE = new BlockList();
THIS_MACHINE.addSubnet("127.0.0.0", 8, "ipv4");
THIS_MACHINE.addAddress("::1", "ipv6");

/** Starts the engine on 127.0.0.1, on the preferred port if that is free (0: any). Nothing is kept on disk. */
export async function startEmbedded(
  preferredPort: number,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const engine = await createRedisServer({ port: preferredPort }).catch((error: unknown) => {
    if (preferredPort === 0 || !isTaken(error)) throw error;
    return createRedisServer({ port: 0 });
  });
  // The engine's own close waits until every client has left; a stop must not depend on that.
  const clients = new Set<Socket>();
  engine.server.server.on("connection", (client: Socket) => {
    // It listens on every interface and cannot be told otherwise; nobody from elsewhere gets a word in.
    if (!isFromHere(client)) return void client.destroy();
    clients.add(client);
    client.on("close", () => clients.delete(client));
  });
  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    const closed = engine.close();
    for (const client of clients) client.destroy();
    await closed;
  }
  return { url: `redis://127.0.0.1:${engine.port}`, stop: () => (stopping ??= stop()) };
}

function isFromHere({ remoteAddress = "", remoteFamily = "" }: Socket): boolean {
  return THIS_MACHINE.check(remoteAddress, remoteFamily === "IPv6" ? "ipv6" : "ipv4");
}
