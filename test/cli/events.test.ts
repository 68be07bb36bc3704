/** `npx baton events --follow`, against the built Worker. */
import { expect, test } from "vitest";
import { useStack } from "../support/stack.ts";
import { apiOf } from "../support/worker-api.ts";
import { baton, connectionOf } from "./support/baton.ts";

const stack = useStack();

function follow(...args: string[]): ReturnType<typeof baton> {
  return baton("events", "--follow", ...args, ...connectionOf(stack(), "viewer"));
}

/** Makes tasks until one of them is told: from then on the command hears everything. */
async function hears({ output }: { output: () => string }, agent_type: string): Promise<void> {
  const heard = async (): Promise<string> => {
    const task_id = await apiOf(stack()).task(agent_type);
    return output() && task_id;
  };
  await expect.poll(heard, { interval: 200 }).not.toBe("");
}

test("an event is a line: when, what, of what, and a few facts; Ctrl-C is exit code 130", async () => {
  const { said, output, child, ended } = follow("--agent-type", "lines", "--types", "task.*");
  await hears({ output }, "lines");
  await apiOf(stack()).task("others");
  const task_id = await apiOf(stack()).task("lines");
  await said(`task.ready ${task_id}`);
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  const at = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
  expect(output()).toMatch(
    new RegExp(
      `\n${at} task.created ${task_id} agent_type=lines\n${at} task.ready ${task_id} agent_type=lines\n$`,
    ),
  );
  expect(output()).not.toContain("others");
});

test("JSON lines carry ids, and --after begins behind one of them, in one run", async () => {
  const api = apiOf(stack());
  const first = follow("--json", "--agent-type", "json");
  await hears(first, "json");
  const task_id = await api.task("json");
  await first.said(`"task.ready","task_id":"${task_id}"`);
  const created = first
    .output()
    .split("\n")
    .find((line) => line.includes(`"${task_id}"`));
  const event = JSON.parse(created ?? "");
  expect(event).toEqual({
    id: expect.stringMatching(/^\d+-\d+-\d+$/),
    type: "task.created",
    task_id,
    agent_type: "json",
    at: expect.any(String),
  });
  await api.task("json");
  const run_id = task_id.slice(0, task_id.indexOf("t"));
  const second = follow("--json", "--run", run_id, "--after", event.id);
  await api.task("json", { run_id });
  await second.said(`${run_id}t2`);
  const types = second.output().trim().split("\n");
  expect(types[0]).toContain(`"task.ready","task_id":"${task_id}"`);
  expect(types[1]).toContain(`"task.created","task_id":"${run_id}t2"`);
});

test("nothing is lost or doubled while the Worker is away", async () => {
  const api = apiOf(stack());
  const { said, output } = follow("--agent-type", "away", "--types", "task.created");
  await hears({ output }, "away");
  const task_ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    await stack().restartWorker();
    const task_id = await api.task("away");
    task_ids.push(task_id);
    await said(`task.created ${task_id} `);
  }
  const told = output().match(/r\d+t1/g) ?? [];
  expect(told.slice(-3)).toEqual(task_ids);
  expect(new Set(told).size).toBe(told.length);
});

test("without --follow it prints what there is, or what there is since an event, and ends: exit code 0", async () => {
  const api = apiOf(stack());
  const first = await api.task("past");
  const second = await api.task("past");
  await api.task("others");
  const of = [
    "--agent-type",
    "past",
    "--types",
    "task.created",
    ...connectionOf(stack(), "viewer"),
  ];
  const all = baton("events", "--json", ...of);
  expect(await all.ended).toBe(0);
  const events = all
    .output()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.map(({ task_id }) => task_id)).toEqual([first, second]);
  const rest = baton("events", "--after", events[0].id, ...of);
  expect(await rest.ended).toBe(0);
  expect(rest.output()).toMatch(new RegExp(`^\\S+ task.created ${second} agent_type=past\n$`));
});

test("what the log no longer has is told as a gap", async () => {
  const { said, output } = follow("--after", "1000-0-0");
  await said("gap: what happened before");
  expect(output().startsWith("gap: ")).toBe(true);
});

test.each([
  [
    ["events", "--follow", "--types", "task.done"],
    'there are no events "task.done"; there are task.created',
  ],
  [["events", "--types", "task.done"], 'there are no events "task.done"'],
  [["events", "--after", "yesterday"], "--after takes the id of an event"],
  [["events", "--folow"], "did you mean --follow?"],
])("%j is exit code 2 and says why", async (args, message) => {
  const { ended, output } = baton(...args, ...connectionOf(stack()));
  expect(await ended).toBe(2);
  expect(output()).toContain(message);
});
