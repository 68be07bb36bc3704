/** Reads a workflow file: exactly what `create_workflow` takes, as YAML or JSON. */
import type * as z from "zod";
import { LIMITS } from "../../domain/limits.ts";
import { suggestName } from "../../operations/input-names.ts";
import { describeIssues, joinPath } from "../../operations/input-problems.ts";
import { DEEPEST, isObject, tooDeep } from "../../operations/json-text.ts";
import { bytesOf } from "../../operations/text.ts";
import { type DraftNode, graphFaults, type Reading } from "./draft.ts";
import type { Fault, Path } from "./fault.ts";
import { allOptionFaults } from "./options.ts";
import { workflowFile } from "./workflow-schema.ts";

/** `agentType` is for tasks that name none, where the file names none either. */
export function readWorkflow(value: unknown, agentType?: string): Reading {
  if (!isObject(value)) {
    const message = "a workflow is an object with name and tasks; see npx baton help run";
    return { ok: false, faults: [{ path: [], message }] };
  }
  if (tooDeep(value)) {
    const message = `values may be nested ${DEEPEST} levels deep`;
    return { ok: false, faults: [{ path: [], message }] };
  }
  const given = withoutNulls(value);
  const parsed = workflowFile.safeParse(given);
  const issues = parsed.success ? [] : parsed.error.issues;
  const tasks = Array.isArray(given["tasks"]) ? given["tasks"] : [];
  const common = given["agent_type"] ?? agentType;
  const faults = [
    ...issueFaults(given, issues),
    ...allOptionFaults(given["options"], tasks),
    ...tasks.flatMap((task: unknown, index) =>
      isObject(task)
        ? taskFaults(task, { path: ["tasks", index], typed: common !== undefined })
        : [],
    ),
    ...graphFaults(nodesOf(tasks)),
  ];
  if (!parsed.success || faults.length > 0) return { ok: false, faults };
  const { $schema: _schema, ...workflow } = parsed.data;
  const typed = agentType === undefined ? workflow : { agent_type: agentType, ...workflow };
  return { ok: true, value: { workflow: typed, remarks: [] } };
}

/** An empty field of YAML is null, and means that it was left out. */
function withoutNulls(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { tasks, ...rest } = filled(value);
  if (!Array.isArray(tasks)) return tasks === undefined ? rest : { ...rest, tasks };
  return { ...rest, tasks: tasks.map((task: unknown) => (isObject(task) ? filled(task) : task)) };
}

function filled(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null));
}

function issueFaults(value: unknown, issues: readonly z.core.$ZodIssue[]): Fault[] {
  const strays = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((name) => unknownField(name, issue.path as Path))
      : [],
  );
  const unknown = strays.map(({ fault }) => fault);
  // What is there under a wrong name is not missing besides.
  const meant = new Set(strays.map(({ meant: path }) => joinPath(path)));
  const others = issues.filter(
    ({ code, path }) => code !== "unrecognized_keys" && !meant.has(joinPath(path)),
  );
  const described = describeIssues(workflowFile, value, others).map(({ path, say }): Fault => ({
    path: path as Path,
    message: withoutStop(say(typeof path.at(-1) === "number" ? "this" : String(path.at(-1)))),
  }));
  return [...unknown, ...described];
}

/** `meant`: the field that was probably meant. */
function unknownField(name: string, within: Path): { fault: Fault; meant: Path } {
  const shape = within.length === 0 ? workflowFile.shape : workflowFile.shape.tasks.element.shape;
  const names = Object.keys(shape);
  const meant = suggestName(name, names);
  const hint = meant ? `did you mean ${meant}?` : `there are ${names.join(", ")}`;
  return {
    fault: { path: [...within, name], what: "name", message: `no such field; ${hint}` },
    meant: [...within, ...(meant ? [meant] : [])],
  };
}

function taskFaults(
  task: Readonly<Record<string, unknown>>,
  { path, typed }: { readonly path: Path; readonly typed: boolean },
): Fault[] {
  const faults: Fault[] = [];
  if (!typed && task["agent_type"] === undefined) {
    faults.push({
      path,
      message: "agent_type is missing: give it here, or once for all beside name",
    });
  }
  const sizes = [
    ["task_description", task["task_description"], LIMITS.description_bytes],
    ["context", JSON.stringify(task["context"] ?? null), LIMITS.payload_bytes],
  ] as const;
  for (const [name, text, limit] of sizes) {
    const bytes = typeof text === "string" ? bytesOf(text) : 0;
    const message = `${bytes} bytes; at most ${limit} are allowed`;
    if (bytes > limit) faults.push({ path: [...path, name], message });
  }
  return faults;
}

function nodesOf(tasks: readonly unknown[]): DraftNode[] {
  return tasks.flatMap((task, index): DraftNode[] => {
    if (!isObject(task) || typeof task["key"] !== "string") return [];
    const { key, dependencies } = task;
    const path: Path = ["tasks", index, "dependencies"];
    const named = (Array.isArray(dependencies) ? dependencies : []).flatMap((name: unknown, at) =>
      typeof name === "string" ? [{ name: name.trim(), path: [...path, at] }] : [],
    );
    return [{ key: key.trim(), path: ["tasks", index, "key"], dependencies: named }];
  });
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}
