#!/usr/bin/env node
// Starts the command on a Node.js that runs TypeScript: this one, or else the one that the project brings along.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = new URL("./main.ts", import.meta.url);
const program = process.platform === "win32" ? "node.exe" : "node";
const own = new URL(`../../node_modules/node/bin/${program}`, import.meta.url);

if (process.features.typescript) {
  await import(main.href);
} else {
  const child = spawn(fileURLToPath(own), [fileURLToPath(main), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  // A terminal tells both of us; what the signal means is the command's to decide.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", () => {
    console.error("This needs the project's own Node.js: run npm ci first.");
    process.exitCode = 2;
  });
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}
