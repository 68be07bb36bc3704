// Finds a TCP port on 127.0.0.1 that nobody listens on.
import { createServer } from "node:net";

/** The preferred port if it is free, else any free one. It is free now: another process may still take it. */
export async function freePort(preferred = 0): Promise<number> {
  return (await tryPort(preferred)) ?? (await tryPort(0)) ?? raiseNoPort();
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address?.port : undefined));
    });
  });
}

function raiseNoPort(): never {
  throw new Error("No TCP port is free on 127.0.0.1.");
}
