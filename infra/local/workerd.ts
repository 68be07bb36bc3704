/** Runs a built Worker in workerd, the runtime of Cloudflare's edge, without any tool in between. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Bundle } from "./build.ts";
import { guard } from "./guard.ts";
import { PortTaken } from "./ports.ts";

export interface Workerd {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends the process at once, as a crash would: requests in flight are cut off. */
  readonly kill: () => Promise<void>;
}

export interface WorkerdOptions {
  readonly bundle: Bundle;
  /** 0 for any free one. */
  readonly port: number;
  /** Text bindings: the Worker's environment. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Gets each line that the Worker or workerd writes. */
  readonly onLine?: (line: string) => void;
}

/** Starts workerd on 127.0.0.1 and answers when it listens. Fails with `PortTaken`, or with what workerd complained about. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const { bundle, port, onLine } = options;
  const config = join(bundle.dir, `${randomUUID()}.capnp`);
  await writeFile(config, workerdConfig(options), { mode: 0o600 });
  try {
    const child = spawn(
      workerdBinary(),
      ["serve", config, "--socket-addr", `http=127.0.0.1:${port}`, "--control-fd", "3"],
      { detached: true, stdio: ["ignore", "pipe", "pipe", "pipe"] },
    );
    const ended = new Promise<void>((resolve) => {
      child.once("close", () => resolve());
      child.once("error", () => resolve());
    });
    const complaints: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      onEachLine(stream, (line) => {
        if (complaints.length < 40) complaints.push(line);
        onLine?.(line);
      });
    }
    const unguard = child.pid === undefined ? undefined : guard(child.pid);
    void ended.then(unguard);
    const listening = await Promise.race([reportedPort(child), ended]);
    if (listening === undefined || child.pid === undefined) {
      const text = complaints.join("\n");
      if (text.includes("Address already in use")) throw new PortTaken(port);
      throw new Error(`workerd did not start:\n${text}`);
    }
    return {
      url: `http://127.0.0.1:${listening}`,
      port: listening,
      pid: child.pid,
      ended,
      kill: () => {
        child.kill("SIGKILL");
        return ended;
      },
    };
  } finally {
    await rm(config, { force: true });
  }
}

/** The configuration in workerd's own format (Cap'n Proto text); modules are read from beside the file. */
function workerdConfig({ bundle, bindings }: Pick<WorkerdOptions, "bundle" | "bindings">): string {
  const modules = bundle.modules.map(
    (name) => `(name = ${text(name)}, ${moduleKind(name)} = embed ${text(name)})`,
  );
  const values = Object.entries(bindings).map(
    ([name, value]) => `(name = ${text(name)}, text = ${text(value)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${modules.join(", ")}],
      bindings = [${values.join(", ")}],
      compatibilityDate = ${text(bundle.compatibilityDate)},
      compatibilityFlags = [${bundle.compatibilityFlags.map(text).join(", ")}],
    )),
    (name = "internet", network = (
      allow = ["public", "private", "local"],
      tlsOptions = (trustBrowserCas = true),
    )),
  ],
  sockets = [(name = "http", http = (), service = "main")],
);
`;
}

function moduleKind(name: string): "esModule" | "wasm" | "text" {
  if (/\.m?js$/.test(name)) return "esModule";
  return name.endsWith(".wasm") ? "wasm" : "text";
}

/** A string literal of Cap'n Proto's text format. */
function text(value: string): string {
  const escaped = value.replace(/["\\]/g, "\\$&").replace(/\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}

/** The package names its platform's binary; it has no types. */
function workerdBinary(): string {
  const require = createRequire(import.meta.url);
  const found: unknown = require("workerd");
  if (typeof found === "object" && found !== null && "default" in found) {
    if (typeof found.default === "string") return found.default;
  }
  throw new Error("The package workerd has no binary for this platform");
}

/** workerd tells on its control descriptor which port each of its sockets got. */
function reportedPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    const control = child.stdio[3];
    if (!(control instanceof Readable)) return;
    onEachLine(control, (line) => {
      const message: unknown = JSON.parse(line);
      if (typeof message !== "object" || message === null || !("port" in message)) return;
      if (typeof message.port === "number") resolve(message.port);
    });
  });
}

function onEachLine(stream: Readable, handle: (line: string) => void): void {
  createInterface({ input: stream }).on("line", handle);
}
