// What a `redis://[user:password@]host[:port][/db]` address means: where to connect and what to say first.
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Connects, by TLS for `rediss://`. @throws Error naming the address, without its password, when nothing answers. */
export function openSocket(url: string): Promise<Socket> {
  const { protocol, hostname, port } = new URL(url);
  const target = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || "6379") };
  const secure = protocol === "rediss:";
  const socket = secure ? connectTls({ ...target, servername: target.host }) : connectTcp(target);
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    socket.once("error", (error) =>
      reject(new Error(`No Redis at ${withoutPassword(url)} (${error.message}).`)),
    );
    socket.once(secure ? "secureConnect" : "connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

/** What has to be sent first: the user and password, and the database number, of the address. */
export function handshakeCommands(url: string): string[][] {
  const { username, password, pathname } = new URL(url);
  const commands: string[][] = [];
  const secret = decodeURIComponent(password);
  if (username !== "") commands.push(["AUTH", decodeURIComponent(username), secret]);
  else if (secret !== "") commands.push(["AUTH", secret]);
  const database = pathname.slice(1);
  if (database !== "" && database !== "0") commands.push(["SELECT", database]);
  return commands;
}

/** The address as it may be shown. */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = shown.password === "" ? "" : "***";
  return shown.href;
}
