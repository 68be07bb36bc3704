/** Finds a free port by taking it: what starts on a port says itself whether it could, so nobody can get in between. */

const TRIES = 64;

/** Port numbers are 16 bits wide. */
const LAST_PORT = 65_535;

/** Thrown, with the code that Node's own servers use, by whatever could not listen because its port is taken. */
export class PortTaken extends Error {
  readonly code = "EADDRINUSE";

  constructor(port: number) {
    super(`Port ${port} is taken`);
    this.name = "PortTaken";
  }
}

/**
 * Calls `start` with `first`, then with each following port while it fails because the port is taken. `first: 0` asks the
 * system for any free port, once.
 */
export async function onFreePort<T>(
  first: number,
  start: (port: number) => Promise<T>,
): Promise<T> {
  for (let port = first; ; port++) {
    try {
      return await start(port);
    } catch (error) {
      const last = first === 0 || port === LAST_PORT || port - first === TRIES - 1;
      if (last || !isTaken(error)) throw error;
    }
  }
}

export function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
