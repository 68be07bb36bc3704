/** Workflow files: what is read, and that every fault is told at once with its place. */
import { expect, test } from "vitest";
import { readTaskText } from "../../../src/cli/files/read-file.ts";

function faultsOf(text: string, path = "w.yaml"): string[] {
  const read = readTaskText(text, { path });
  return read.ok ? [] : read.refusal.message.split("\n");
}

const YAML = `# yaml-language-server: $schema=./workflow.schema.json
name: Build
agent_type: implementation
tasks:
  - key: a
    task_description: |
      First
      in two lines
    context: &shared { deep: [1, null] }
    options:
  - key: b
    agent_type: testing
    task_description: Second
    dependencies: [a, r1t1]
    context: *shared
    options: { retry: { max_attempts: 2 } }
`;

const WORKFLOW = {
  name: "Build",
  agent_type: "implementation",
  tasks: [
    { key: "a", task_description: "First\nin two lines", context: { deep: [1, null] } },
    {
      key: "b",
      agent_type: "testing",
      task_description: "Second",
      dependencies: ["a", "r1t1"],
      context: { deep: [1, null] },
      options: { retry: { max_attempts: 2 } },
    },
  ],
};

test("YAML becomes the arguments of create_workflow; empty fields count as left out", () => {
  expect(readTaskText(YAML, { path: "w.yaml" })).toEqual({
    ok: true,
    value: { workflow: WORKFLOW, remarks: [] },
  });
});

test("JSON does too, with tabs, a byte order mark and the schema of an editor", () => {
  const text = `\uFEFF${JSON.stringify({ $schema: "./x.json", ...WORKFLOW }, undefined, "\t")}`;
  expect(readTaskText(text, { path: "w.json" })).toMatchObject({
    ok: true,
    value: { workflow: WORKFLOW },
  });
});

test("--agent-type counts only where the file names none", () => {
  const bare = "name: n\ntasks: [{key: a, task_description: d}]";
  const options = { path: "w.yaml", agentType: "docs" };
  expect(readTaskText(bare, options)).toMatchObject({
    value: { workflow: { agent_type: "docs" } },
  });
  expect(readTaskText(YAML, options)).toMatchObject({
    value: { workflow: { agent_type: "implementation" } },
  });
});

test("every fault is told at once, in the order of the file, each with line, column and path", () => {
  const text = `name: Build
agnet_type: implementation
options:
  assigne: me
tasks:
  - key: build
    agent_type: implementation
    task_description: Build
    dependencies: [tset, build, lint, lint]
  - key: test
    task_description: Test
    dependencies: [lint]
    options:
      lease_seconds: 0
      retry: { max_atempts: 2 }
      dedline: red
  - key: lint
    agent_type: testing
    task_descripton: Lint
    dependencies: [test]
    priority: 12
  - key: test
    agent_type: testing
    task_description: Again
    prompt: x
  - just text
`;
  expect(faultsOf(text)).toMatchInlineSnapshot(`
    [
      "w.yaml:2:1: agnet_type: no such field; did you mean agent_type?",
      "w.yaml:4:3: options.assigne: No parameter assigne; did you mean assignee?",
      "w.yaml:9:20: tasks[0].dependencies[0]: unknown key "tset" in build (did you mean test?)",
      "w.yaml:9:26: tasks[0].dependencies[1]: build depends on itself",
      "w.yaml:9:39: tasks[0].dependencies[3]: build names "lint" twice",
      "w.yaml:10:5: tasks[1]: agent_type is missing: give it here, or once for all beside name",
      "w.yaml:12:20: tasks[1].dependencies[0]: cycle test → lint → test",
      "w.yaml:14:22: tasks[1].options.lease_seconds: lease_seconds must be at least 1; given 0",
      "w.yaml:15:16: tasks[1].options.retry.max_atempts: No parameter max_atempts; did you mean max_attempts?",
      "w.yaml:16:7: tasks[1].options.dedline: No parameter dedline; did you mean deadline?",
      "w.yaml:19:5: tasks[2].task_descripton: no such field; did you mean task_description?",
      "w.yaml:21:15: tasks[2].priority: priority must be at most 9; given 12",
      "w.yaml:22:10: tasks[3].key: key "test" stands twice",
      "w.yaml:25:5: tasks[3].prompt: no such field; did you mean task_description?",
      "w.yaml:26:5: tasks[4]: this must be an object; given "just text"",
      "15 faults; nothing was sent.",
    ]
  `);
});

test("what belongs beside options is told so", () => {
  const text = `name: a
agent_type: x
tasks:
  - { key: a, task_description: A, options: { priority: 1, dependencies: [b] } }
`;
  expect(faultsOf(text).slice(0, 2)).toEqual([
    "w.yaml:4:47: tasks[0].options.priority: No parameter priority; priority stands beside options",
    "w.yaml:4:60: tasks[0].options.dependencies: No parameter dependencies; dependencies stands beside options",
  ]);
});

test("a name that stands twice in one object is a fault, in YAML and in JSON", () => {
  expect(faultsOf("name: a\nname: b\ntasks: []\n")).toMatchInlineSnapshot(`
    [
      "w.yaml:2:1: this name stands twice in one object",
      "w.yaml:3:8: tasks: tasks must have at least 1 entries; given 0",
      "2 faults; nothing was sent.",
    ]
  `);
  expect(faultsOf('{\n  "name": "a",\n  "name": "b",\n  "tasks": 5\n}', "w.json"))
    .toMatchInlineSnapshot(`
    [
      "w.json:3:3: this name stands twice in one object",
      "w.json:4:12: tasks: tasks must be a list; given 5",
      "2 faults; nothing was sent.",
    ]
  `);
});

test.each([
  ["w.yaml", "name: [a\ntasks: 1", "w.yaml:2:1: flow sequence in block collection must be"],
  ["w.yaml", "name: *nobody", "unresolved alias"],
  ["w.yaml", "name: &a [*a]", "an anchor contains itself"],
  ["w.yaml", "a: 1\n---\nb: 2", "w.yaml:2:1: source contains multiple documents"],
  ["w.yaml", "", "w.yaml:1:1: a workflow is an object with name and tasks"],
  ["w.yaml", "- a", "w.yaml:1:1: a workflow is an object with name and tasks"],
  ["w.json", '{"name": "a",}', "w.json:1:14: expected double-quoted property name"],
  ["w.json", '{\n "name": "a"', "w.json:2:13: expected ',' or '}' after property value"],
  ["w.json", "{} x", "w.json:1:4: unexpected non-whitespace character after JSON"],
])("%s with %j cannot be read: %s", (path, text, fault) => {
  const [line = "", end] = faultsOf(text, path);
  expect(line).toContain(fault);
  expect(end).toMatch(/fault.*nothing was sent/);
});

test("all YAML faults of a text are told", () => {
  expect(faultsOf('a: 1\n  b: 2\nc: "x').length).toBeGreaterThan(2);
});

test("an alias bomb is refused", () => {
  const level = (index: number) => `a${index}: &a${index} [${`*a${index - 1},`.repeat(9)}]\n`;
  const bomb = `a0: &a0 [x]\n${Array.from({ length: 9 }, (_, index) => level(index + 1)).join("")}`;
  expect(faultsOf(bomb)[0]).toContain("excessive alias count");
});

test("a cycle is placed at the dependency that leads into it", () => {
  const text = `name: n
agent_type: t
tasks:
  - { key: a, task_description: d, dependencies: [x, c] }
  - { key: b, task_description: d, dependencies: [a] }
  - { key: c, task_description: d, dependencies: [b] }
  - { key: x, task_description: d }
`;
  expect(faultsOf(text)).toEqual([
    "w.yaml:4:54: tasks[0].dependencies[1]: cycle a → b → c → a",
    "1 fault; nothing was sent.",
  ]);
});

test("what the server would find too large is told here", () => {
  const long = JSON.stringify("x".repeat(300_000));
  const [fault] = faultsOf(
    `{"name":"n","agent_type":"t","tasks":[{"key":"a","task_description":"d","context":${long}}]}`,
    "w.json",
  );
  expect(fault).toContain("tasks[0].context: 300002 bytes; at most 262144 are allowed");
});

test("when it is to run is checked too", () => {
  const flow = (cron: string) => `name: n
agent_type: t
options:
  cron: ${cron}
tasks: [{ key: a, task_description: d }]
`;
  expect(faultsOf(flow('"0 9 * * 1-5"'))).toEqual([]);
  expect(faultsOf(flow("{ schedule: 0 9 * * *, on_overlap: queue }"))).toEqual([]);
  expect(faultsOf(flow("{ schedule: 0 9 * * *, zone: UTC }"))[0]).toBe(
    "w.yaml:4:9: options.cron: no zone, it takes schedule, time_zone, on_overlap",
  );
});

test("options are judged as the server puts them together: a task's own over those for all", () => {
  const good = `name: n
agent_type: t
options: { concurrency_key: deploy, trigger_rule: one_failed }
tasks:
  - { key: a, task_description: d, options: { trigger_rule: all_success, concurrency_limit: 2 } }
  - { key: b, task_description: d, dependencies: [a] }
`;
  expect(faultsOf(good)).toEqual([]);
  const bad = `name: n
agent_type: t
options: { trigger_rule: one_failed, lease_seconds: 0, locks: [a/../b] }
tasks:
  - { key: a, task_description: d, options: { lease_seconds: 60, concurrency_limit: 2 } }
  - { key: b, task_description: d, options: { trigger_rule: one_failed } }
  - { key: c, task_description: d, dependencies: [a], options: { result_schema: { type: 7 } } }
`;
  expect(faultsOf(bad)).toMatchInlineSnapshot(`
    [
      "w.yaml:3:53: options.lease_seconds: lease_seconds must be at least 1; given 0",
      "w.yaml:3:64: options.locks[0]: locks[0]: a lock is a name or a path without "..", at most 8 segments and 200 characters; "src/" covers all below it",
      "w.yaml:5:5: tasks[0]: trigger_rule one_failed runs when a dependency failed, and there is none: name some, or leave it out",
      "w.yaml:5:85: tasks[0].options.concurrency_limit: concurrency_limit needs a concurrency_key",
      "w.yaml:6:61: tasks[1].options.trigger_rule: trigger_rule one_failed runs when a dependency failed, and there is none: name some, or leave it out",
      "w.yaml:7:81: tasks[2].options.result_schema: result_schema.type: must be one of object, array, string, number, integer, boolean, null, or a list of them",
      "6 faults; nothing was sent.",
    ]
  `);
});

test("what fits a single run is no part of a workflow by the calendar", () => {
  const text = `name: n
agent_type: t
options: { cron: "0 9 * * *", deadline: "2030-01-01T00:00:00Z" }
tasks:
  - { key: r1t1, task_description: d }
  - { key: b, task_description: d, dependencies: [r1t1, r1t2], options: { start_at: "2030-01-01T00:00:00Z" } }
`;
  expect(faultsOf(text)).toMatchInlineSnapshot(`
    [
      "w.yaml:3:41: options.deadline: deadline is a single moment; leave it out of a workflow by the calendar",
      "w.yaml:6:57: tasks[1].dependencies[1]: a workflow by the calendar cannot wait for r1t2 each time",
      "w.yaml:6:85: tasks[1].options.start_at: start_at is a single moment; leave it out of a workflow by the calendar",
      "3 faults; nothing was sent.",
    ]
  `);
});

test("criteria of a review that are too long are told", () => {
  const review = { agent_type: "testing", criteria: "x".repeat(5_000) };
  const tasks = [{ key: "a", task_description: "d", options: { review } }];
  expect(faultsOf(JSON.stringify({ name: "n", agent_type: "t", tasks }), "w.json")[0]).toContain(
    "tasks[0].options.review.criteria: 5000 bytes; at most 4096 are allowed",
  );
});

test("hundreds of faults are counted, not listed", () => {
  const tasks = Array.from({ length: 150 }, (_, index) => ({
    key: `k${index}`,
    dependencies: ["no"],
  }));
  const lines = faultsOf(JSON.stringify({ name: "n", agent_type: "t", tasks }), "w.json");
  expect(lines).toHaveLength(102);
  expect(lines.slice(100)).toEqual(["And 200 more.", "300 faults; nothing was sent."]);
});
