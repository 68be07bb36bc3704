/** `npx baton wait` without a word: for scripts and hooks, against the built Worker. */
import { expect, onTestFinished, test } from "vitest";
import { startStack } from "../../infra/local/stack.ts";
import { useStack } from "../support/stack.ts";
import { apiOf, type KeyRole } from "../support/worker-api.ts";
import { streamsOpen } from "./support/streams.ts";
import { baton, connectionOf, NOBODY } from "./support/baton.ts";

const stack = useStack();

function ready(agent_type: string, ...more: string[]): ReturnType<typeof baton> {
  const args = ["--ready", "--agent-type", agent_type, ...more];
  return baton("wait", ...args, ...connectionOf(stack(), "worker"));
}

test("work that is there already ends the wait at once, and is not claimed", async () => {
  const task_id = await apiOf(stack()).task("early");
  const { ended, output } = ready("early");
  expect([await ended, output()]).toEqual([0, `${task_id} is ready for early.\n`]);
  expect(await apiOf(stack()).poll("early-1", { agent_type: "early" })).toHaveLength(1);
});

test("work that comes later ends the wait when it comes", async () => {
  const { ended, output } = ready("later");
  await streamsOpen(stack());
  await apiOf(stack()).task("other");
  const task_id = await apiOf(stack()).task("later");
  expect([await ended, output()]).toEqual([0, `${task_id} is ready for later.\n`]);
});

test("a task that this agent could not claim does not end the wait", async () => {
  const api = apiOf(stack());
  const { ended, output } = ready("able", "--capabilities", "browser", "--agent-id", "able-1");
  await streamsOpen(stack());
  await api.task("able", { options: { requires: ["browser", "gpu"] } });
  await api.task("able", { options: { assignee: "able-2" } });
  const task_id = await api.task("able", {
    options: { requires: ["browser"], assignee: "able-1" },
  });
  expect([await ended, output()]).toEqual([0, `${task_id} is ready for able.\n`]);
});

test("as a hook it wakes with exit code 2 and one sentence, also after the Worker was away", async () => {
  const alone = await startStack({ freePorts: true, quiet: true });
  onTestFinished(() => alone.stop());
  const { ended, output } = baton(
    "wait",
    "--hook",
    "--ready",
    "--agent-type",
    "hooked",
    ...connectionOf(alone, "worker"),
  );
  await streamsOpen(alone);
  await alone.restartWorker();
  await apiOf(alone).task("hooked");
  expect([await ended, output()]).toEqual([
    2,
    "There is work for hooked in Baton: call poll_tasks.\n",
  ]);
});

test("while a breaker is held open there is no work to be woken for", async () => {
  const api = apiOf(stack());
  await api.task("broken");
  await api.ok("set_breaker", { agent_type: "broken", state: "open" });
  const { ended, output } = ready("broken", "--timeout", "4");
  expect([await ended, output()]).toEqual([4, ""]);
});

test("a time-out is exit code 4, and 0 for a hook, which stays silent", async () => {
  const over = ready("never", "--timeout", "4");
  const hook = ready("never", "--timeout", "4", "--hook");
  expect([await over.ended, over.output()]).toEqual([4, ""]);
  expect([await hook.ended, hook.output()]).toEqual([0, ""]);
});

test("nothing that is wrong wakes a model", async () => {
  const url = NOBODY;
  const hook = ["wait", "--hook", "--ready", "--agent-type", "x"];
  const away = baton(...hook, "--url", url, "--key", "k");
  const unknown = baton(...hook, "--url", stack().baseUrl, "--key", "btn_wrong");
  const misspelt = baton(...hook, "--timeuot", "5");
  expect([await away.ended, away.output()]).toEqual([3, `Cannot follow ${url}: ECONNREFUSED.\n`]);
  expect([await unknown.ended, unknown.output()]).toEqual([
    1,
    expect.stringContaining("This key is unknown"),
  ]);
  expect([await misspelt.ended, misspelt.output()]).toEqual([
    1,
    "No flag --timeuot; did you mean --timeout? See --help.\n",
  ]);
  const noHook = baton("wait", "--hok", "--ready", "--agent-type", "x");
  expect([await noHook.ended, noHook.output()]).toEqual([
    1,
    "No flag --hok; did you mean --hook? See --help.\n",
  ]);
  const noPort = baton(...hook, "--url", "http://127.0.0.1:1", "--key", "k");
  expect([await noPort.ended, noPort.output()]).toEqual([
    1,
    expect.stringContaining("is no address of a server"),
  ]);
});

test("a wait that never reached the server is exit code 3 when its time is over, for a hook too", async () => {
  const url = NOBODY;
  const nowhere = ["--timeout", "1", "--url", url, "--key", "k"];
  for (const args of [
    ["--ready", "--agent-type", "x"],
    ["--ready", "--agent-type", "x", "--hook"],
    ["--run", "r1"],
  ]) {
    const { ended, output } = baton("wait", ...args, ...nowhere);
    expect([await ended, output()]).toEqual([3, expect.stringContaining("ECONNREFUSED")]);
  }
});

const KEYS = ["orchestrator", "worker", "viewer"] as const;

test.each(KEYS)(
  "with the key of %s a run is waited for without a word, and its summary printed: exit code 0, or 1 when it failed",
  async (role) => {
    const api = apiOf(stack());
    for (const [status, code] of [
      ["completed", 0],
      ["failed", 1],
    ] as const) {
      const task_id = await api.task("quiet", { options: { retry: { max_attempts: 1 } } });
      const run_id = task_id.slice(0, task_id.indexOf("t"));
      const { ended, output } = baton("wait", "--run", run_id, ...connectionOf(stack(), role));
      await streamsOpen(stack());
      const { lease } = await api.claim("quiet-1", { agent_type: "quiet" });
      await api.ok("submit_result", { lease, status, ...(code && { error: "no" }) });
      expect(await ended).toBe(code);
      expect(output()).toMatch(
        new RegExp(`^${run_id} ${status} after \\d+ s: 1 task, 1 ${status}\\.\n$`),
      );
    }
  },
);

test("with a worker's key a run that has ended already ends the wait, and one that is unknown is refused", async () => {
  const api = apiOf(stack());
  const task_id = await api.task("over");
  const run_id = task_id.slice(0, task_id.indexOf("t"));
  await api.ok("control_task", { action: "cancel", run_id });
  const wait = (run: string, role: KeyRole, ...more: string[]) =>
    baton("wait", "--run", run, ...more, ...connectionOf(stack(), role));
  const over = wait(run_id, "worker");
  const unknown = [wait("r99999", "worker"), wait("r99999", "orchestrator")];
  const needs = wait(run_id, "worker", "--until", "needs-you");
  expect([await over.ended, over.output()]).toEqual([
    1,
    expect.stringContaining(`${run_id} cancelled`),
  ]);
  for (const { ended, output } of unknown) {
    expect([await ended, output()]).toEqual([2, expect.stringMatching(/^No run r99999 here/)]);
  }
  expect([await needs.ended, needs.output()]).toEqual([
    2,
    expect.stringContaining("needs an orchestrator's key"),
  ]);
});

test("--until ends a wait while the run goes on: exit code 5", async () => {
  const api = apiOf(stack());
  // That nobody works on it would be news as well.
  await api.poll("until-1", { agent_type: "until" });
  const first = await api.task("until");
  const run_id = first.slice(0, first.indexOf("t"));
  await api.task("until", { run_id });
  const any = baton("wait", "--run", run_id, "--until", "any", ...connectionOf(stack()));
  const one = await api.claim("until-1", { agent_type: "until" });
  await api.ok("submit_result", { lease: one.lease, status: "completed" });
  expect(await any.ended).toBe(5);
  const [told, next = ""] = any.output().split("\nWait for more with: npx baton ");
  expect(told).toBe(`${first} completed: A task for until`);
  expect(next).toMatch(new RegExp(`^wait --run ${run_id} --until any --after \\S+\n$`));
  const more = baton(...next.trim().split(" "), ...connectionOf(stack()));
  const second = await api.task("until", { run_id });
  await api.ok("control_task", { action: "cancel", task_ids: [second] });
  expect(await more.ended).toBe(5);
  expect(more.output()).toMatch(
    new RegExp(`^${second} cancelled: A task for until\nWait for more`),
  );
  const needs = baton("wait", "--run", run_id, "--until", "needs-you", ...connectionOf(stack()));
  const two = await api.claim("until-1", { agent_type: "until" });
  await api.ok("submit_result", { lease: two.lease, status: "needs_input", question: "Which?" });
  expect(await needs.ended).toBe(5);
  expect(needs.output()).toMatch(
    /^(r\d+t2) needs you \(question\): Asks: Which\? Answer with: npx baton answer \1 "…"\nWait for more/,
  );
});
