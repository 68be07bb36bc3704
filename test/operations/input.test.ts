/** What real clients send, and what they are told when it cannot be read. */
import * as fc from "../support/fast-check.ts";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { jsonObject } from "../../src/operations/fields.ts";
import { readInput } from "../../src/operations/input.ts";
import { createWebhook } from "../../src/operations/webhooks/create-webhook.ts";

const create = {
  name: "create_task",
  input: z.strictObject({
    agent_type: z.string().trim().min(1).max(64),
    task_description: z.string().trim().min(1),
    context: z.json().optional(),
    dependencies: z.array(z.string()).max(3).optional(),
    run_id: z.string().optional(),
    priority: z.int().min(0).max(9).optional(),
    options: jsonObject.optional(),
  }),
};
const workflow = {
  name: "create_workflow",
  input: z.strictObject({
    name: z.string(),
    tasks: z
      .array(
        z.strictObject({
          key: z.string(),
          agent_type: z.string().optional(),
          task_description: z.string(),
          dependencies: z.array(z.string()).optional(),
        }),
      )
      .min(1),
    dry_run: z.boolean().optional(),
  }),
};
const submit = {
  name: "submit_result",
  input: z.strictObject({
    lease: z.string(),
    status: z.enum(["completed", "failed", "released"]),
    result: z.json().optional(),
    error: z
      .strictObject({
        message: z.string().min(1),
        category: z.enum(["transient", "agent_error"]).optional(),
        retry_after_seconds: z.int().min(0).optional(),
      })
      .optional(),
    poll_next: z.boolean().optional(),
  }),
};
const state = {
  name: "set_shared_state",
  input: z.strictObject({
    key: z.string().min(1),
    value: z.json(),
    ttl_seconds: z.int().min(1).optional(),
  }),
};
const list = {
  name: "list_tasks",
  input: z.strictObject({
    status: z.enum(["ready", "running", "completed"]).optional(),
    limit: z.int().optional(),
  }),
};

const TASK = { agent_type: "testing", task_description: "Run the tests" };

function accepted(operation: Named, raw: unknown) {
  const read = readInput(operation, raw);
  return read.ok ? read.value : read.refusal;
}

function refused(operation: Named, raw: unknown) {
  const read = readInput(operation, raw);
  if (read.ok) throw new Error(`accepted ${JSON.stringify(read.value)}`);
  return read.refusal;
}

type Named = Parameters<typeof readInput>[0];

function cases(rows: readonly (readonly [Named, unknown, string])[]) {
  return rows.map(([operation, raw, message]) => ({ operation, raw, message }));
}

describe("accepts more than is advertised", () => {
  test("ignores the book-keeping of clients", () => {
    expect(accepted(create, { ...TASK, wait_for_previous: true, toolCallId: "c1" })).toEqual(TASK);
  });

  test("takes null and empty text on optional parameters for absent", () => {
    const raw = { ...TASK, context: null, dependencies: "", run_id: "", priority: null };
    expect(accepted(create, raw)).toEqual(TASK);
  });

  test("reads JSON text where an object, list, number or boolean is due", () => {
    const raw = { ...TASK, options: '{"retry":{"max_attempts":2}}', dependencies: '["r1t1"]' };
    expect(accepted(create, { ...raw, priority: "3" })).toEqual({
      ...TASK,
      options: { retry: { max_attempts: 2 } },
      dependencies: ["r1t1"],
      priority: 3,
    });
    expect(accepted(submit, { lease: "l", status: "completed", poll_next: "true" })).toHaveProperty(
      "poll_next",
      true,
    );
  });

  test("reads the whole arguments from JSON text", () => {
    expect(accepted(create, JSON.stringify(TASK))).toEqual(TASK);
  });

  test("reads nested entries with the same leniency", () => {
    const tasks = JSON.stringify([
      { key: "a", task_description: "A", agent_type: null, dependencies: '["b"]' },
    ]);
    expect(accepted(workflow, { name: "w", tasks })).toEqual({
      name: "w",
      tasks: [{ key: "a", task_description: "A", dependencies: ["b"] }],
    });
  });

  test.each([[{ a: 1 }], [[1, 2]], ["plain"], [7], [false], ["5"], ["true"], ["[1,"]])(
    "takes %j as a value as it is",
    (value) => {
      expect(accepted(state, { key: "k", value })).toEqual({ key: "k", value });
    },
  );

  test("takes the text of an object or list as that object or list, also where any JSON is due", () => {
    expect(accepted(state, { key: "k", value: '{"a":[1]}' })).toEqual({
      key: "k",
      value: { a: [1] },
    });
  });

  test("keeps null and empty text where they are values of a required parameter", () => {
    expect(accepted(state, { key: "k", value: null })).toEqual({ key: "k", value: null });
    expect(accepted(state, { key: "k", value: "" })).toEqual({ key: "k", value: "" });
  });

  test("takes ttl for ttl_seconds, unless both are given", () => {
    expect(accepted(state, { key: "k", value: 1, ttl: 60 })).toHaveProperty("ttl_seconds", 60);
    expect(refused(state, { key: "k", value: 1, ttl: 60, ttl_seconds: 5 }).message).toContain(
      "No parameter ttl; did you mean ttl_seconds?",
    );
  });

  test("takes pending for ready and in_progress for running in a filter", () => {
    expect(accepted(list, { status: "pending" })).toEqual({ status: "ready" });
    expect(accepted(list, { status: "in_progress" })).toEqual({ status: "running" });
  });

  test("takes a sentence for an error", () => {
    expect(accepted(submit, { lease: "l", status: "failed", error: "npm broke" })).toHaveProperty(
      "error",
      { message: "npm broke", category: "agent_error" },
    );
  });

  test("takes no arguments at all where none is required", () => {
    expect(accepted(list, undefined)).toEqual({});
  });
});

describe("refuses with words that help", () => {
  test.each(
    cases([
      [create, { ...TASK, workflow_id: "r1" }, "No parameter workflow_id; did you mean run_id?"],
      [
        create,
        { ...TASK, dependancies: [] },
        "No parameter dependancies; did you mean dependencies?",
      ],
      [create, { ...TASK, review: {} }, "No parameter review; did you mean options.review?"],
      [
        create,
        { ...TASK, max_retries: 5 },
        "No parameter max_retries; did you mean options.retry.max_attempts?",
      ],
      [
        createWebhook,
        { url: "https://example.com", events: ["task.ready"] },
        "No parameter events; did you mean types?",
      ],
      [list, { zzzzzzzz: 1 }, "No parameter zzzzzzzz; it takes status, limit."],
      [
        workflow,
        { name: "w", tasks: [{ key: "a", task_description: "A", depends_on: [] }] },
        "No parameter tasks[0].depends_on; did you mean dependencies?",
      ],
    ]),
  )("an unknown parameter: $message", ({ operation, raw, message }) => {
    expect(refused(operation, raw)).toMatchObject({ reason: "unknown_parameter", message });
  });

  test.each(
    cases([
      [create, { agent_type: "a" }, "Missing: task_description (text)."],
      [create, { ...TASK, priority: 12 }, "priority must be at most 9; given 12."],
      [create, { ...TASK, priority: 1.5 }, "priority must be a whole number; given 1.5."],
      [create, { ...TASK, priority: "high" }, 'priority must be a whole number; given "high".'],
      [create, { ...TASK, dependencies: "r1t1" }, 'dependencies must be a list; given "r1t1".'],
      [create, { ...TASK, agent_type: " " }, "agent_type must not be empty."],
      [
        create,
        { ...TASK, agent_type: "a".repeat(65) },
        "agent_type must be at most 64 characters long; given 65.",
      ],
      [
        create,
        { ...TASK, dependencies: ["1", "2", "3", "4"] },
        "dependencies must have at most 3 entries; given 4.",
      ],
      [create, { ...TASK, options: [] }, "options must be an object; given a list of 0."],
      [
        submit,
        { lease: "l", status: "complete" },
        'status must be one of completed, failed, released; given "complete". Did you mean completed?',
      ],
      [submit, { lease: "l" }, "Missing: status (one of completed, failed, released)."],
      [state, { key: "k" }, "Missing: value (any JSON)."],
      [workflow, { name: "w", tasks: [3] }, "tasks[0] must be an object; given 3."],
      [create, "hello", 'create_task takes an object of named parameters; given "hello".'],
      [create, [TASK], "create_task takes an object of named parameters; given a list of 1."],
    ]),
  )("a wrong value: $message", ({ operation, raw, message }) => {
    expect(refused(operation, raw)).toMatchObject({ reason: "invalid", message });
  });

  test("names all problems of one call at once", () => {
    const { message, parameters } = refused(create, { type: "testing", priority: -1 });
    expect(message).toBe(
      "No parameter type; did you mean agent_type? Missing: agent_type (text). " +
        "Missing: task_description (text). priority must be at least 0; given -1.",
    );
    expect(parameters).toEqual(["type", "agent_type", "task_description", "priority"]);
  });

  test("counts what it does not list, and repeats little of the input", () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`x${i}`, 1]));
    const { message } = refused(create, { ...TASK, ...many, ["y".repeat(5_000)]: 1 });
    expect(message).toContain("And 19991 more.");
    expect(message.length).toBeLessThan(2_000);
    const long = refused(create, { ...TASK, priority: "z".repeat(100_000) }).message;
    expect(long).toContain("(100000 characters)");
    expect(long.length).toBeLessThan(200);
  });

  test("refuses a value nested deeper than anything that walks it can bear", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    expect(refused(create, { ...TASK, context: deep }).message).toContain("64 levels");
    expect(refused(create, { ...TASK, context: JSON.parse(deep) }).message).toContain("64 levels");
  });

  test("does not take __proto__ for a parameter", () => {
    const raw: unknown = JSON.parse(
      '{"agent_type":"a","task_description":"b","__proto__":{"x":1}}',
    );
    expect(refused(create, raw).reason).toBe("unknown_parameter");
    expect(Object.prototype).not.toHaveProperty("x");
  });
});

describe("any input", () => {
  const operations = [create, workflow, submit, state, list];
  const anything = fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true });
  const names = fc.constantFrom(...operations.flatMap(({ input }) => Object.keys(input.shape)));
  const nearly = fc.dictionary(fc.oneof(names, fc.string()), fc.oneof(anything, fc.json()));

  test("is read or refused, never thrown over, in a short message", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...operations),
        fc.oneof(anything, nearly, nearly.map(safeText)),
        (operation, raw) => {
          const read = readInput<z.ZodObject>(operation, raw);
          const fits = read.ok && operation.input.safeParse(read.value).success;
          const says = !read.ok && read.refusal.message.length < 5_000;
          expect(fits || says).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("that fits already is taken as it is, save for __proto__, which zod leaves out", () => {
    const task = fc.record(
      {
        agent_type: fc.stringMatching(/^[a-z]{1,64}$/),
        task_description: fc.stringMatching(/^[a-z]{1,99}$/),
        dependencies: fc.array(fc.string(), { maxLength: 3 }),
        priority: fc.integer({ min: 0, max: 9 }),
        options: fc.dictionary(fc.stringMatching(/^[a-z_]+$/), fc.jsonValue({ maxDepth: 3 })),
      },
      { requiredKeys: ["agent_type", "task_description"] },
    );
    fc.assert(
      fc.property(
        task.filter((raw) => !JSON.stringify(raw).includes("__proto__")),
        (raw) => {
          expect(accepted(create, raw)).toEqual(raw);
        },
      ),
    );
  });
});

function safeText(value: unknown): unknown {
  try {
    return JSON.stringify(value);
  } catch {
    return value;
  }
}
