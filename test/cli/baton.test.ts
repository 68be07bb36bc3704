/** `npx baton` as a process, against the built Worker. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { PROJECT_ROOT } from "../../infra/local/build.ts";
import { useStack } from "../support/stack.ts";
import { apiOf } from "../support/worker-api.ts";
import { baton, connectionOf, NOBODY } from "./support/baton.ts";

const stack = useStack();

function connected(): string[] {
  return connectionOf(stack());
}

async function fileOf(text: string, name = "build.yaml"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "baton-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

/** Does what comes for `agent_type`, until `count` tasks were submitted. */
async function work(agent_type: string, results: readonly object[]): Promise<void> {
  const worker = apiOf(stack(), "worker");
  for (const result of results) {
    const args = { agent_type, wait_seconds: 30 };
    const { lease } = await worker.claim(`${agent_type}-1`, args);
    await worker.ok("submit_result", { lease, ...result });
  }
}

const yaml = (type: string) => `name: Build it
agent_type: ${type}
options: { retry: { max_attempts: 1 } }
tasks:
  - { key: lexer, task_description: Write the lexer }
  - { key: parser, task_description: Write the parser, dependencies: [lexer] }
`;

test("a workflow is followed until it has completed: exit code 0", async () => {
  const { said, output, ended } = baton("run", await fileOf(yaml("whole")), ...connected());
  await said("Build it: 2 tasks, 1 ready.");
  await said("Nobody has polled for whole yet");
  const worker = apiOf(stack(), "worker");
  const { lease } = await worker.claim("whole-1", { agent_type: "whole" });
  await said("lexer: started by whole-1");
  await worker.ok("submit_result", { lease, status: "completed" });
  await work("whole", [{ status: "completed" }]);
  expect(await ended).toBe(0);
  for (const line of [
    /^r\d+t1 lexer: completed$/m,
    /^r\d+t2 parser: completed$/m,
    /^r\d+ completed after \d+ s: 2 tasks, 2 completed\.$/m,
  ]) {
    expect(output()).toMatch(line);
  }
});

test("a task that fails is told with its error and what to do: exit code 1", async () => {
  const { said, output, ended } = baton("run", await fileOf(yaml("failing")), ...connected());
  await said("2 tasks, 1 ready.");
  const error = { message: "No\u001B[2J grammar", code: "grammar", category: "invalid_input" };
  await work("failing", [{ status: "failed", error }]);
  expect(await ended).toBe(1);
  expect(output()).toMatch(
    /^r\d+t1 lexer: failed: No \[2J grammar \[grammar\]\n {2}Try it again with: npx baton retry r\d+t1$/m,
  );
  expect(output()).toMatch(/^r\d+t2 parser: skipped$/m);
  expect(output()).toMatch(/^r\d+ failed after \d+ s: 2 tasks, 1 failed, 1 skipped\.$/m);
});

test("a dead letter is tried again by the command that was named, and its run can be followed again", async () => {
  const first = baton("run", await fileOf(yaml("again")), ...connected());
  await first.said("2 tasks, 1 ready.");
  await work("again", [{ status: "failed", error: "no" }]);
  expect(await first.ended).toBe(1);
  const task_id = /npx baton retry (r\d+t1)/.exec(first.output())?.[1] ?? "";
  const retried = baton("retry", task_id, ...connected());
  expect([await retried.ended, retried.output()]).toEqual([0, "Done.\n"]);
  const second = baton("wait", task_id.replace("t1", ""), ...connected());
  await work("again", [{ status: "completed" }, { status: "completed" }]);
  expect(await second.ended).toBe(0);
  const refused = baton("retry", task_id, ...connected());
  expect(await refused.ended).toBe(2);
  expect(refused.output()).toContain(task_id);
});

test("a question is told with the command that answers it, and the run goes on with the answer", async () => {
  const { said, output, ended } = baton("run", await fileOf(yaml("asking")), ...connected());
  await said("2 tasks, 1 ready.");
  await work("asking", [{ status: "needs_input", question: "Which grammar?" }]);
  await said("lexer: asks: Which grammar?");
  const task_id = /npx baton answer (r\d+t1) /.exec(output())?.[1] ?? "";
  const answered = baton("answer", task_id, "LL(1)", "will", "do", ...connected());
  expect([await answered.ended, answered.output()]).toEqual([0, "Done.\n"]);
  const told = await apiOf(stack()).ok("get_task_status", { task_id, detail: "full" });
  expect(JSON.stringify(told)).toContain("LL(1) will do");
  await work("asking", [{ status: "completed" }, { status: "completed" }]);
  expect(await ended).toBe(0);
});

test("Ctrl-C ends the watching and not the run, and says how to go on", async () => {
  const { said, child, output, ended } = baton(
    "run",
    await fileOf(yaml("stopped")),
    ...connected(),
  );
  await said("2 tasks, 1 ready.");
  await work("stopped", [{ status: "completed" }]);
  await said("lexer: completed");
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  const run_id = /Watch it again with: npx baton wait (r\d+)/.exec(output())?.[1] ?? "";
  const status = await apiOf(stack()).ok("get_task_status", { run_id });
  expect(status["status"]).toBe("active");
});

test("a workflow by the calendar is kept, listed, and stopped by the command that was named", async () => {
  const text = yaml("calendar").replace("options: {", 'options: { cron: "0 0 1 1 *",');
  const { ended, output } = baton("run", await fileOf(text), ...connected());
  expect(await ended).toBe(0);
  const [, id = "", stop = ""] =
    /^(s\d+) runs Build it by the calendar, next in \d.*\. Stop it with: npx baton (.*)\n$/.exec(
      output(),
    ) ?? [];
  const listed = baton("schedules", ...connectionOf(stack(), "viewer"));
  expect(await listed.ended).toBe(0);
  expect(listed.output()).toMatch(new RegExp(`^${id} Build it: 0 0 1 1 \\*; next in \\d.*$`, "m"));
  const stopped = baton(...stop.split(" "), ...connected());
  expect([await stopped.ended, stopped.output()]).toEqual([0, `${id} makes no more runs.\n`]);
  const again = baton("schedules", "--delete", id, ...connected());
  expect(await again.ended).toBe(2);
  expect(again.output()).toContain(`No schedule ${id} here`);
  const empty = baton("schedules", ...connected());
  expect([await empty.ended, empty.output()]).toEqual([0, "Nothing runs by the calendar.\n"]);
});

test("where a run is expected, the id of a schedule is told as one, with what stops it", async () => {
  const { ended, output } = baton("wait", "s1", ...connected());
  expect(await ended).toBe(2);
  expect(output()).toMatch(/^s1 is a schedule, no run\..*npx baton schedules --delete s1/);
});

test("a worker's key creates no run, and is told which key does", async () => {
  const { ended, output } = baton(
    "run",
    await fileOf(yaml("w")),
    ...connectionOf(stack(), "worker"),
  );
  expect([await ended, output()]).toEqual([
    2,
    "run needs an orchestrator's key: set BATON_KEY to one (or --key).\n",
  ]);
});

test("--no-follow only creates", async () => {
  const { ended, output } = baton("run", await fileOf(yaml("left")), "--no-follow", ...connected());
  expect(await ended).toBe(0);
  expect(output()).toMatch(/Watch it with: npx baton wait r\d+/);
});

test("--dry-run shows waves and critical path, and needs no server", async () => {
  const { ended, output } = baton(
    "run",
    await fileOf(yaml("dry")),
    "--dry-run",
    "--url",
    "http://127.0.0.1:1",
  );
  expect(await ended).toBe(0);
  expect(output()).toBe(`Build it: 2 tasks in 2 waves
  1  lexer
  2  parser
Critical path: lexer → parser
Agent types: dry 2
Nothing was sent.
`);
});

test("a file with faults is refused with all of them, and nothing is created: exit code 2", async () => {
  const path = await fileOf(yaml("wrong").replace("[lexer]", "[lexre, parser]"));
  const { ended, output } = baton("run", path, ...connected());
  expect(await ended).toBe(2);
  expect(output()).toBe(
    [
      `${path}:6:71: tasks[1].dependencies[0]: unknown key "lexre" in parser (did you mean lexer?)`,
      `${path}:6:78: tasks[1].dependencies[1]: parser depends on itself`,
      "2 faults; nothing was sent.",
      "",
    ].join("\n"),
  );
  const { tasks } = await apiOf(stack()).ok("list_tasks", { agent_type: "wrong" });
  expect(tasks).toEqual([]);
});

test("Task Master's file runs as it is", async () => {
  const tasks = [
    { id: 1, title: "Done before", status: "done", dependencies: [] },
    {
      id: 2,
      title: "Left",
      status: "pending",
      dependencies: [1],
      subtasks: [{ id: 1, title: "Part" }],
    },
  ];
  const path = await fileOf(JSON.stringify({ master: { tasks } }), "tasks.json");
  const { said, ended, output } = baton("run", path, "--agent-type", "master", ...connected());
  await said("2 tasks, 1 ready.");
  await work("master", [{ status: "completed" }, { status: "completed" }]);
  expect(await ended).toBe(0);
  expect(output()).toContain("Left out: 1 done or cancelled.");
  expect(output()).toMatch(/t1 2: completed/);
  expect(output()).toMatch(/t2 2\.1: completed/);
});

test("a server that is away is exit code 3, one that is no Baton too", async () => {
  const path = await fileOf(yaml("away"));
  const url = NOBODY;
  const away = baton("run", path, "--url", url, "--key", "k");
  expect(await away.ended).toBe(3);
  expect(away.output()).toBe(`Cannot reach ${url}: ECONNREFUSED.\n`);
  const other = baton("run", path, "--url", stack().upstash.url, "--key", "k");
  expect(await other.ended).toBe(3);
  expect(other.output()).toContain("is no Baton");
});

test.each([
  [["run", "x.yaml", "--url", "URL", "--key", "btn_wrong"], "There is no file x.yaml."],
  [["wait", "r99999", "--url", "URL", "--key", "btn_wrong"], "give it as BATON_KEY (or --key)."],
  [["wait", "r99999", "--url", "http://127.0.0.1:1", "--key", "k"], "is no address of a server"],
  [["wait", "r99999", "--url", "URL", "--key", "KEY"], "No run r99999 here"],
  [["run"], "FILE is missing. See --help."],
  [["run", "a", "--dryrun"], "No flag --dryrun; did you mean --dry-run? See --help."],
  [["rnu"], "No command rnu; did you mean run? See npx baton help."],
  [["help", "rnu"], "No command rnu; did you mean run? See npx baton help."],
])("%j is exit code 2 and says why", async (args, message) => {
  const real = args.map((arg) =>
    arg.replace("URL", stack().baseUrl).replace("KEY", stack().keys.orchestrator),
  );
  const { ended, output } = baton(...real);
  expect(await ended).toBe(2);
  expect(output()).toContain(message);
});

test.each([
  [[], "npx baton help COMMAND"],
  [["help", "run"], "--dry-run"],
  [["run", "--help"], "Exit codes: 0"],
  [["--version"], "."],
])("%j explains itself", async (args, text) => {
  const { ended, output } = baton(...args);
  expect(await ended).toBe(0);
  expect(output()).toContain(text);
});

test("npx finds the command in the repository", () => {
  const { status, stdout } = spawnSync("npx", ["baton", "--version"], {
    cwd: PROJECT_ROOT,
    encoding: "utf8",
  });
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
});

test("on a Node.js that runs no TypeScript, the project's own is started, and its exit code handed on", () => {
  const plain = (...args: string[]) =>
    spawnSync(process.execPath, ["--no-experimental-strip-types", "src/cli/bin.mjs", ...args], {
      cwd: PROJECT_ROOT,
      encoding: "utf8",
    });
  expect(plain("--version")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d/) });
  expect(plain("rnu")).toMatchObject({ status: 2, stdout: "" });
});
