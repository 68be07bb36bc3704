/**
 * Redis may refuse any command in the midst of a script, when its memory is full, and takes back nothing that was written
 * before. Whatever is left then, an audit mends it: no task is lost, and none waits where nobody looks.
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { audit } from "../../src/operations/audit.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { tick } from "../../src/operations/tick.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { createTransport } from "../../src/store/transport.ts";
import { type Project, useProjects } from "../support/project.ts";
import { handedIn, REJECTED } from "../support/reviews.ts";

const newProject = useProjects();

/** A store of which each script ends before its nth command. */
function breakingAt(project: Project, nth: number): Store {
  const { url, token } = project.upstash;
  const transport = createTransport({ url, token });
  const refusing = `local real, calls = redis, 0
local function call(...)
  calls = calls + 1
  if calls == ${nth} then error("OOM") end
  return real.call(...)
end
local redis = setmetatable({ call = call }, { __index = real })`;
  return createStore({
    project: project.name,
    now: project.now,
    transport: {
      ...transport,
      run: (script, keys, args) => {
        const [shebang = "", ...lines] = script.text.split("\n");
        const text = [shebang, refusing, ...lines].join("\n");
        const sha = createHash("sha1").update(text).digest("hex");
        return transport.run({ ...script, text, sha: async () => sha }, keys, args);
      },
    },
  });
}

/** Prepares a project, and returns what is done to it with a store that breaks. */
type Scenario = (project: Project) => Promise<Act>;

type Act = (store: Store) => Promise<unknown>;

const submit =
  (project: Project, lease: string, more: object = {}) =>
  (store: Store): Promise<unknown> =>
    project.call(submitResult, { lease, status: "completed", result: 1, ...more }, { store });

async function delegated(project: Project): Promise<string> {
  await project.task();
  const { lease } = await project.claim("ada");
  const child = { agent_type: "testing", task_description: "Try it." };
  await project.ok(createTask, { ...child, lease });
  return lease;
}

const SCENARIOS: Record<string, Scenario> = {
  "a task in a new lane": async (project) => {
    const dependencies = [await project.task()];
    const task = { agent_type: "testing", task_description: "Try it.", dependencies };
    return (store) => project.call(createTask, task, { store });
  },
  "a claim of one task, and another one that its lock parks": async (project) => {
    await project.task({ options: { locks: ["src/"] } });
    await project.task({ options: { locks: ["src/a"] } });
    return (store) => project.poll("ada", { max_tasks: 2 }, { store });
  },
  "a result that others wait for": async (project) => {
    await project.graph({ a: [], b: ["a"], c: ["a"] });
    return submit(project, (await project.claim("ada")).lease);
  },
  "a dead letter with a chain behind it": async (project) => {
    await project.graph({ a: [], b: ["a"], c: ["b"] });
    const error = { message: "No.", category: "permission" };
    return submit(project, (await project.claim("ada")).lease, { status: "failed", error });
  },
  "a verdict that sends a task back": async (project) => {
    await handedIn(project);
    const { lease } = await project.claim("eve", { agent_type: "testing" });
    return submit(project, lease, { result: REJECTED });
  },
  "the end of a child that its parent waits for": async (project) => {
    await project.ok(submitResult, { lease: await delegated(project), status: "waiting" });
    return submit(project, (await project.claim("bob", { agent_type: "testing" })).lease);
  },
  "a parent that takes its child along": async (project) => {
    const error = { message: "No.", category: "permission" };
    return submit(project, await delegated(project), { status: "failed", error });
  },
  "leases that ran out": async (project) => {
    for (const lock of ["a", "b"]) await project.task({ options: { locks: [lock] } });
    await project.poll("ada", { max_tasks: 2, lease_seconds: 60 });
    project.advance(61);
    return (store) => store.tick({ limit: LIMITS.sweep_per_look });
  },
  "what retention removes": async (project) => {
    await project.graph({ a: [], b: ["a"] });
    for (let number = 0; number < 2; number++) {
      await project.complete((await project.claim("ada")).lease);
    }
    project.advance(LIMITS.run_kept_ms / 1000);
    return (store) => store.retire();
  },
};

/** A lane that counts too many tasks is only one that is kept too long. */
const HARMLESS = /^lane \d+ counts \d+ tasks too many$/;

async function mended(project: Project): Promise<string[]> {
  let cursor: string | undefined;
  do {
    const page = { ...(cursor !== undefined && { cursor }) };
    ({ cursor } = await project.ok(audit, page, { as: { role: "admin" } }));
  } while (cursor !== undefined);
  // What dependents are told again is due work.
  await tick(project.store);
  return (await project.audit()).filter((fault) => !HARMLESS.test(fault));
}

test.each(Object.keys(SCENARIOS))("%s, broken off at any command", async (name) => {
  let broken = 0;
  for (let nth = 1; ; nth++) {
    const project = newProject();
    const act = await SCENARIOS[name]?.(project);
    const before = await project.dump();
    const error = await act?.(breakingAt(project, nth)).then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    if (error === undefined) break;
    expect(error).toMatch("OOM");
    expect(nth).toBeLessThan(50);
    if (JSON.stringify(await project.dump()) === JSON.stringify(before)) continue;
    broken += 1;
    expect({ nth, faults: await mended(project) }).toEqual({ nth, faults: [] });
  }
  expect(broken).toBeGreaterThan(0);
});

/** What is done with an idempotency key, and whether it was. */
const KEYED: Record<
  string,
  (project: Project) => Promise<{ act: Act; isDone: () => Promise<boolean> }>
> = {
  "a task": async (project) => {
    const task = { agent_type: "testing", task_description: "Try it.", idempotency_key: "k" };
    return {
      act: (store) => project.ok(createTask, task, { store }),
      isDone: async () => (await project.poll("eve", { agent_type: "testing" })).length > 0,
    };
  },
  "a cancelled task": async (project) => {
    const task_ids = [await project.task()];
    const cancel = { action: "cancel" as const, task_ids, idempotency_key: "k" };
    return {
      act: (store) => project.ok(controlTask, cancel, { store }),
      isDone: async () => (await project.record("r1t1")).status === "cancelled",
    };
  },
  "a cancelled run": async (project) => {
    await project.graph({ a: [], b: ["a"] });
    const cancel = { action: "cancel" as const, run_id: "r1", idempotency_key: "k" };
    return {
      act: (store) => project.ok(controlTask, cancel, { store }),
      isDone: async () => (await project.run("r1")).status === "cancelled",
    };
  },
};

test.each(Object.keys(KEYED))(
  "%s that broke off at any command is not taken for done when it is asked for again",
  async (name) => {
    for (let nth = 1; ; nth++) {
      const project = newProject();
      const keyed = await KEYED[name]?.(project);
      const broke = await keyed?.act(breakingAt(project, nth)).then(
        () => false,
        () => true,
      );
      if (!broke) break;
      await keyed?.act(project.store);
      await mended(project);
      expect({ nth, done: await keyed?.isDone() }).toEqual({ nth, done: true });
    }
  },
);
