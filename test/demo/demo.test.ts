/** The whole demo as a user starts it. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCommand } from "../local/support/command.ts";
import { CAN_SEE_PROCESSES, descendants, stillAlive } from "../local/support/processes.ts";
import { PROJECT_ROOT } from "../../infra/local/build.ts";

const DEMO_MS = 180_000;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "goals-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The facts that the summary ends with, by name. */
function factsOf(output: string): Map<string, string> {
  const lines = output.slice(output.lastIndexOf("\ngoal ")).matchAll(/^([a-z ]+?) {2,}(.+)$/gm);
  return new Map([...lines].map(([, name = "", value = ""]) => [name, value]));
}

async function goalFile(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

test.concurrent.each([
  ["the default goal over the default engine", []],
  [
    "another goal over the embedded engine",
    ["--goal", "infra/demo/goal-figures.md", "--redis", "embedded"],
  ],
])(
  "carries out %s: delegated work, a review that sends some of it back, a killed worker, and passing tests",
  async (_, args) => {
    const demo = startCommand("infra/demo/main.ts", args);
    const code = await demo.ended;
    const output = demo.output();
    expect(code === 0 ? "" : output).toBe("");
    const facts = factsOf(output);

    const [completed, all] = (facts.get("tasks") ?? "").match(/\d+/g) ?? [];
    expect(completed).toBe(all);
    expect(output).toContain("killed (kill -9)");
    expect(Number(facts.get("requeues"))).toBeGreaterThanOrEqual(1);
    expect(output).toContain("(attempt 2)");
    expect(output).toMatch(/plan +delegates from \S+: \d+ tasks/);
    expect(output).toMatch(/sends \S+ back: [1-9]\d* of \d+ examples of \w+ fail/);
    expect(output).toMatch(/takes \S+ \(sent back\): Write /);
    expect(Number(facts.get("sent back"))).toBeGreaterThanOrEqual(1);
    expect(facts.get("tests")).toMatch(/^[1-9]\d* passed, 0 failed$/);
    expect(output).toContain("speaks MCP 2025-11-25");
    expect(output).toContain("speaks MCP 2026-07-28");

    const workspace = resolve(PROJECT_ROOT, facts.get("workspace") ?? "");
    const files = await readdir(join(workspace, "src"));
    expect(files.length).toBeGreaterThan(4);
    const { NODE_TEST_CONTEXT: __, ...env } = process.env;
    expect(spawnSync(process.execPath, ["--test"], { cwd: workspace, env }).status).toBe(0);
  },
  DEMO_MS,
);

test(
  "ends with exit code 1 and names the function that cannot be made",
  async () => {
    const goal = await goalFile(
      "impossible.md",
      '# zoo\n## animal(text)\nA striped animal.\n- animal("a") is "zebra"\n- animal("b") is "quagga"\n',
    );
    const demo = startCommand("infra/demo/main.ts", ["--goal", goal, "--redis", "embedded"]);
    expect(await demo.ended).toBe(1);
    expect(demo.output()).toMatch(/Problem: .*animal/);
  },
  DEMO_MS,
);

test.skipIf(!CAN_SEE_PROCESSES).each([
  ["SIGINT", 130],
  ["SIGKILL", -1],
] as const)(
  "leaves nothing running after %s in the middle of it",
  async (signal, code) => {
    const demo = startCommand("infra/demo/main.ts");
    await demo.said("takes r");
    const below = descendants(demo.pid);
    demo.child.kill(signal);
    expect(await demo.ended).toBe(code);
    await expect.poll(() => stillAlive(below)).toEqual([]);
  },
  DEMO_MS,
);

test("refuses a bad goal with file, line and reason, and exit code 2", async () => {
  const goal = await goalFile("bad.md", "# kit\n## one(text)\nSays `two`.\n- one(1) is\n");
  const demo = startCommand("infra/demo/main.ts", ["--goal", goal]);
  expect(await demo.ended).toBe(2);
  expect(demo.output()).toContain("bad.md:3: `two` is no function of this library");
  expect(demo.output()).toContain("bad.md:4: Expected one(…) is …");
});

test.each([
  [["--goal", "nowhere.md"], "There is no goal file"],
  [["--goals", "x.md"], "did you mean --goal?"],
])("refuses %j with exit code 2", async (args, message) => {
  const demo = startCommand("infra/demo/main.ts", args);
  expect(await demo.ended).toBe(2);
  expect(demo.output()).toContain(message);
});

test("explains itself", async () => {
  const demo = startCommand("infra/demo/main.ts", ["--help"]);
  expect(await demo.ended).toBe(0);
  expect(demo.output()).toContain("--goal FILE");
});
