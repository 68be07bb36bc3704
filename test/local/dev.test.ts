import { afterEach, describe, expect, test } from "vitest";
import { startCommand, type Command } from "./support/command.ts";
import { CAN_SEE_PROCESSES, descendants, programOf, stillAlive } from "./support/processes.ts";

const started: Command[] = [];
/** As long as a busy machine may take to start a Worker. */
const POLL = { timeout: 30_000, interval: 200 };

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
});

function dev(...args: string[]): Command {
  const command = startCommand("infra/local/dev.ts", args);
  started.push(command);
  return command;
}

test("prints an MCP address that answers, the engine, the keys and a configuration for each client", async () => {
  const { said, output, child, ended } = dev("--port", "18787", "--redis", "embedded");
  await said("Ctrl-C stops it.");
  const mcp = /MCP +(\S+)/.exec(output())?.[1] ?? "";
  expect((await fetch(mcp, { method: "POST" })).status).toBe(401);
  for (const text of ["embedded", "btn_local_admin", "btn_local_viewer"]) {
    expect(output()).toContain(text);
  }
  for (const client of ["Claude Code", "Codex", "Gemini CLI", "Cursor", "VS Code"]) {
    expect(output()).toContain(client);
  }
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

describe.skipIf(!CAN_SEE_PROCESSES)("leaves nothing running", () => {
  test.each([
    ["SIGKILL", -1],
    ["SIGINT", 0],
    ["SIGTERM", 0],
  ] as const)("after %s", async (signal, code) => {
    const { said, pid, child, ended } = dev("--port", "18787");
    await said("Ctrl-C stops it.");
    const below = descendants(pid);
    expect(below).not.toEqual([]);
    child.kill(signal);
    expect(await ended).toBe(code);
    await expect.poll(() => stillAlive(below)).toEqual([]);
  });
});

test.each([
  [["--prot", "1"], "did you mean --port?"],
  [["--port", "none"], "--port takes a number"],
])("refuses %j with exit code 2", async (args, message) => {
  const { ended, output } = dev(...args);
  expect(await ended).toBe(2);
  expect(output()).toContain(message);
});

test("fails with exit code 1 and a hint when the engine is unknown", async () => {
  const { ended, output } = dev("--port", "18787", "--redis", "mongodb");
  expect(await ended).toBe(1);
  expect(output()).toContain("embedded");
});

test("explains itself", async () => {
  const { ended, output } = dev("--help");
  expect(await ended).toBe(0);
  expect(output()).toContain("--redis ENGINE");
});

test.skipIf(!CAN_SEE_PROCESSES)(
  "starts a Worker that has died again at the same address",
  async () => {
    const { said, pid, child, ended, output } = dev("--port", "18787", "--redis", "embedded");
    await said("Ctrl-C stops it.");
    const healthz = (/MCP +(\S+)/.exec(output())?.[1] ?? "").replace("/mcp", "/healthz");
    const workerd = descendants(pid).filter((below) => programOf(below) === "workerd");
    expect(workerd).toHaveLength(1);
    for (const below of workerd) process.kill(below, "SIGKILL");
    await said("another one takes its place");
    await expect
      .poll(
        () =>
          fetch(healthz).then(
            ({ ok }) => ok,
            () => false,
          ),
        POLL,
      )
      .toBe(true);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  },
);
