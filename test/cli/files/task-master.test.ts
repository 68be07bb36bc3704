/** Task Master's `tasks.json`: both forms, both levels, and what is left of them. */
import { expect, test } from "vitest";
import { type FileOptions, readTaskText } from "../../../src/cli/files/read-file.ts";

const PATH = "/work/shop/.taskmaster/tasks/tasks.json";

function read(value: unknown, options: FileOptions = {}) {
  return readTaskText(JSON.stringify(value, undefined, 2), { path: PATH, ...options });
}

/** `{key: dependencies}` of what would be created. */
function edgesOf(value: unknown, options: FileOptions = {}): Record<string, string[]> {
  const draft = read(value, options);
  if (!draft.ok) throw new Error(draft.refusal.message);
  return Object.fromEntries(
    draft.value.workflow.tasks.map(({ key, dependencies = [] }) => [key, dependencies]),
  );
}

function faultsOf(value: unknown, options: FileOptions = {}): string[] {
  const draft = read(value, options);
  return draft.ok ? [] : draft.refusal.message.replaceAll(`${PATH}:`, "").split("\n");
}

const task = (id: number | string, more: object = {}) => ({
  id,
  title: `Task ${id}`,
  description: "d",
  details: "",
  testStrategy: "",
  priority: "medium",
  status: "pending",
  dependencies: [],
  subtasks: [],
  ...more,
});

test("texts, priorities and the project's name are taken over; fields of its own are passed by", () => {
  const draft = read({
    master: {
      tasks: [
        {
          id: 1,
          title: "Set up\nthe store",
          description: "Create it.",
          details: "- a\n- b",
          testStrategy: "Open it.",
          priority: "high",
          status: "in-progress",
          dependencies: [],
          complexityScore: 7,
          subtasks: [{ id: 1, title: "Tables", status: "pending", dependencies: [], parentId: 1 }],
        },
      ],
      metadata: { created: "2026-01-01T00:00:00Z" },
    },
  });
  expect(draft).toEqual({
    ok: true,
    value: {
      remarks: [],
      workflow: {
        name: "shop",
        agent_type: "implementation",
        tasks: [
          {
            key: "1",
            task_description:
              "Set up the store\n\nCreate it.\n\n- a\n- b\n\nTest strategy: Open it.",
            priority: 2,
            dependencies: ["1.1"],
          },
          { key: "1.1", task_description: "Tables\n\nPart of 1: Set up the store", priority: 2 },
        ],
      },
    },
  });
});

test("dependencies go between both levels, and subtasks wait for what their task waits for", () => {
  const tasks = [
    task(1),
    task("2", { dependencies: ["1"] }),
    task(3, {
      dependencies: [2, "5.1"],
      subtasks: [
        task(1),
        task(2, { dependencies: [1] }),
        task(3, { dependencies: ["3.2", "5.2"] }),
      ],
    }),
    task(5, { subtasks: [task(1), task(2, { dependencies: [1, "5.1"].slice(0, 1) })] }),
  ];
  expect(edgesOf({ tasks })).toEqual({
    "1": [],
    "2": ["1"],
    "3": ["2", "5.1", "3.1", "3.2", "3.3"],
    "3.1": ["2", "5.1"],
    "3.2": ["3.1", "2", "5.1"],
    "3.3": ["3.2", "5.2", "2", "5.1"],
    "5": ["5.1", "5.2"],
    "5.1": [],
    "5.2": ["5.1"],
  });
});

test("a bare number within a subtask is a sibling, and a task where there is no such sibling", () => {
  const tasks = [
    task(1),
    task(2, { subtasks: [task(1), task(2, { dependencies: [1] })] }),
    task(3, { subtasks: [task(5, { dependencies: [1] })] }),
  ];
  expect(edgesOf({ tasks })).toMatchObject({ "2.2": ["2.1"], "3.5": ["1"] });
});

test("a dependency that waits for a subtask itself is not handed down to it", () => {
  const tasks = [
    task(1, { dependencies: ["2.1"], subtasks: [task(1), task(2)] }),
    task(2, { dependencies: ["1.1"], subtasks: [task(1), task(2)] }),
  ];
  expect(edgesOf({ tasks })).toEqual({
    "1": ["2.1", "1.1", "1.2"],
    "1.1": ["2.1"],
    "1.2": ["2.1"],
    "2": ["1.1", "2.1", "2.2"],
    "2.1": [],
    "2.2": ["1.1"],
  });
});

test("what is done or cancelled is left out and counts as met, with its subtasks", () => {
  const draft = read({
    tasks: [
      task(1, { status: "done", subtasks: [task(1)] }),
      task(2, { status: "cancelled" }),
      task(3, {
        dependencies: [1, 2, "1.1"],
        subtasks: [task(1, { status: "completed" }), task(2)],
      }),
      task(4, { status: "deferred" }),
    ],
  });
  expect(draft).toMatchObject({
    value: {
      remarks: ["Left out: 4 done or cancelled, 1 deferred."],
      workflow: { tasks: [{ key: "3", dependencies: ["3.2"] }, { key: "3.2" }] },
    },
  });
});

test("a file in which all is done has no tasks left", () => {
  expect(edgesOf({ tasks: [task(1, { status: "done" })] })).toEqual({});
});

test("--tag chooses a list; without it master, or the only one", () => {
  const file = { master: { tasks: [task(1)] }, search: { tasks: [task(7)] } };
  expect(edgesOf(file)).toHaveProperty(["1"]);
  expect(edgesOf(file, { tag: "search" })).toHaveProperty(["7"]);
  expect(read(file, { tag: "search" })).toMatchObject({
    value: { workflow: { name: "shop: search" } },
  });
  expect(edgesOf({ search: { tasks: [task(7)] } })).toHaveProperty(["7"]);
  expect(faultsOf(file, { tag: "serach" })[0]).toBe("1:1: no tag serach; did you mean search?");
  expect(faultsOf({ a: { tasks: [] }, b: { tasks: [] } })[0]).toBe(
    "1:1: which tag? Give --tag: there are a, b",
  );
  expect(faultsOf({ tasks: [task(1)] }, { tag: "x" })[0]).toBe(
    "1:1: no tag x; the file has no tags",
  );
});

test("--agent-type says who does it", () => {
  expect(read({ tasks: [task(1)] }, { agentType: "docs" })).toMatchObject({
    value: { workflow: { agent_type: "docs" } },
  });
});

test("every fault is told with its place", () => {
  const faults = faultsOf({
    master: {
      tasks: [
        task(1, { dependencies: [9, 3], status: "pnding", priority: "hihg" }),
        task(2, { dependencies: [2, "3.7"], title: "", description: "" }),
        task(2, { dependencies: [4] }),
        task(3, { dependencies: [1], subtasks: [task(1), task(1)] }),
        task(4, { status: "deferred" }),
        { title: "no id" },
        task(6, { dependencies: "5" }),
        task(7, { dependencies: [{}] }),
      ],
    },
  });
  expect(faults).toMatchInlineSnapshot(`
    [
      "10:21: master.tasks[0].priority: no such priority; did you mean high?",
      "11:19: master.tasks[0].status: no such status; did you mean pending?",
      "13:11: master.tasks[0].dependencies[0]: unknown key "9" in 1",
      "14:11: master.tasks[0].dependencies[1]: cycle 1 → 3 → 1",
      "18:7: master.tasks[1]: title is missing",
      "27:11: master.tasks[1].dependencies[0]: 2 depends on itself",
      "28:11: master.tasks[1].dependencies[1]: unknown key "3.7" in 2 (did you mean 3.1?)",
      "33:15: master.tasks[2].id: key "2" stands twice",
      "41:11: master.tasks[2].dependencies[0]: 2 depends on 4, which is deferred: make that pending, or remove the dependency",
      "69:19: master.tasks[3].subtasks[1].id: key "3.1" stands twice",
      "92:7: master.tasks[5]: id is missing (a number)",
      "103:25: master.tasks[6].dependencies: dependencies must be a list",
      "115:11: master.tasks[7].dependencies[0]: a dependency is the id of a task, such as 5 or "5.2"",
      "13 faults; nothing was sent.",
    ]
  `);
});
