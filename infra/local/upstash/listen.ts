// Makes a server listen on 127.0.0.1, on the port that was asked for or one soon after it.
import type { Server } from "node:net";

const PORTS_TO_TRY = 50;

/** Returns the port it got. 0 asks for any. @throws Error when the next 50 ports are all in use. */
export async function listen(server: Server, preferred: number): Promise<number> {
  for (let port = preferred; port < preferred + PORTS_TO_TRY; port++) {
    if (await tryToListen(server, port)) break;
  }
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error(
      `Ports ${preferred} to ${preferred + PORTS_TO_TRY - 1} are all in use: choose another.`,
    );
  }
  return address.port;
}

function tryToListen(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.removeListener("listening", onListening);
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    };
    const onListening = (): void => {
      server.removeListener("error", onError);
      resolve(true);
    };
    server.once("error", onError);
    server.once("listening", onListening);
    server.listen(port, "127.0.0.1");
  });
}
