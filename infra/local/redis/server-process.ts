// Runs redis-server (or valkey-server) as a child that never outlives this process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connectRedis } from "./connection.ts";
import { freePort } from "./free-port.ts";

export type ServerProcessOptions = {
  /** Full path of the server program. */
  program: string;
  port?: number;
  persistence?: { dir: string };
};

const PORT_ATTEMPTS = 5;
const START_TIMEOUT_MS = 10_000;

/**
 * Starts the server on 127.0.0.1. The port is checked before and may be lost to another process in between, so a
 * server that ends at once is tried again on another port.
 *
 * @throws Error with the server's own last words when it does not start.
 */
export async function startServerProcess(
  options: ServerProcessOptions,
): Promise<{ url: string; stop: () => Promise<void> }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? options.port : 0);
    try {
      return await startOn(port, options);
    } catch (error) {
      if (attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/**
 * The shell starts the server and waits for it; beside it, `cat` waits for the end of our pipe, which comes when we
 * close it or when we die of whatever cause, and then the server is killed.
 */
const GUARD = `exec 3<&0
"$@" </dev/null &
server=$!
{ cat <&3; kill -KILL $server; } >/dev/null 2>&1 &
exec 3<&-
wait $server`;

async function startOn(port: number, { program, persistence }: ServerProcessOptions) {
  const settings = [
    "--bind",
    "127.0.0.1",
    "--port",
    String(port),
    "--save",
    "",
    "--daemonize",
    "no",
  ];
  const durability =
    persistence === undefined
      ? ["--appendonly", "no"]
      : ["--appendonly", "yes", "--appendfsync", "always", "--dir", persistence.dir];
  const child = spawn("/bin/sh", ["-c", GUARD, "sh", program, ...settings, ...durability], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let lastWords = "";
  const remember = (chunk: Buffer): void => {
    lastWords = (lastWords + chunk.toString()).slice(-2_000);
  };
  child.stdout.on("data", remember);
  child.stderr.on("data", remember);
  child.stdin.on("error", () => undefined);
  const ended = once(child, "exit").then(() => child.stdin.destroy());
  // The server must not keep this process alive: whoever forgets to stop it still gets to exit, and it dies too.
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) unref(pipe);
  async function stop(): Promise<void> {
    child.ref();
    child.stdin.destroy();
    await ended;
  }
  const url = `redis://127.0.0.1:${port}`;
  const failed = ended.then(() => {
    throw new Error(`${program} ended at once. Its last words:\n${lastWords}`);
  });
  try {
    await Promise.race([untilAnswering(url), failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  failed.catch(() => undefined);
  return { url, stop };
}

function unref(pipe: object): void {
  if ("unref" in pipe && typeof pipe.unref === "function") pipe.unref();
}

/** Until it answers PING with PONG: while it reads its append-only file it refuses with LOADING. */
async function untilAnswering(url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (await answers(url)) return;
    if (Date.now() > deadline) throw new Error(`Redis did not answer at ${url} within 10 s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const connection = await connectRedis({ url, reconnect: "never" });
    const reply = await connection.call(["PING"]);
    connection.close();
    return reply !== null && typeof reply === "object" && "text" in reply;
  } catch {
    return false;
  }
}
