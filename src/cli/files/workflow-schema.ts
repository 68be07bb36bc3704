/** What a workflow file may say: the arguments of `create_workflow`, without those that concern one call of it. */
import * as z from "zod";
import { taskOptions } from "../../domain/options.ts";
import { cronOption } from "../../domain/schedule.ts";
import { createWorkflow } from "../../operations/create-workflow.ts";
import { OPTION_WORDS } from "./option-words.ts";

export const workflowFile = createWorkflow.input
  .omit({ lease: true, dry_run: true, idempotency_key: true })
  .extend({ $schema: z.string().optional() });

/** What is sent to the server. */
export type Workflow = Omit<z.infer<typeof workflowFile>, "$schema">;

type Schema = z.core.JSONSchema.JSONSchema;

/** Shown by editors. */
const WORDS: Readonly<Record<string, string>> = {
  name: "What the run is called",
  key: "Names the task in this file",
  agent_type: "Who does it: planning, implementation, testing, …",
  task_description: "All that the worker needs; the first line is the title",
  context: "Further data for the worker, any JSON",
  dependencies: "Keys of tasks, or ids of existing ones, that must end first",
  priority: "0 first, 9 last; default 5",
  options: "Retries, times, matching and more",
  tasks: "In any order; they are numbered as they stand here",
};

const COMMON = "For every task that does not say otherwise; and cron, to run it again and again";

/** The same for editors: completion, explanations, and faults while one types. Draft 2020-12. */
export function workflowJsonSchema(): Schema {
  const file = schemaOf(workflowFile);
  const { $schema: _draft, ...options } = schemaOf(taskOptions);
  const { $schema: _same, ...cron } = schemaOf(z.union([z.string(), cronOption]));
  const task = file.properties?.["tasks"];
  if (typeof task !== "object" || typeof task.items !== "object" || Array.isArray(task.items)) {
    throw new Error("tasks are no longer a list");
  }
  for (const object of [file, task.items]) object.properties = explained(object);
  options.properties = optionsExplained(options, "");
  if (file.properties) {
    const properties = { ...options.properties, cron };
    file.properties["options"] = { description: COMMON, ...options, properties };
  }
  return { title: "A workflow for npx baton run", ...file, $defs: { options } };
}

/** Any JSON is left open instead of being spelled out, and a time needs no more than its format. */
function schemaOf(type: z.ZodType): Schema {
  const schema = z.toJSONSchema(type, {
    io: "input",
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  });
  const open = (name: string, value: unknown) =>
    name === "$defs" || (name === "$ref" && String(value).startsWith("#/$defs/__"))
      ? undefined
      : value;
  return JSON.parse(JSON.stringify(schema), open) as Schema;
}

function explained({ properties = {} }: Schema): NonNullable<Schema["properties"]> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const description = WORDS[name];
      if (description === undefined || typeof property !== "object") return [name, property];
      const schema = name === "options" ? { $ref: "#/$defs/options" } : property;
      return [name, { description, ...schema }];
    }),
  );
}

function optionsExplained(
  { properties = {} }: Schema,
  within: string,
): NonNullable<Schema["properties"]> {
  const entries = Object.entries(properties).map(([name, property]) => {
    if (typeof property !== "object") return [name, property] as const;
    const description = OPTION_WORDS[within + name];
    const parts = property.properties && optionsExplained(property, `${within}${name}.`);
    const schema = { ...property, ...(parts && { properties: parts }) };
    return [name, description === undefined ? schema : { description, ...schema }] as const;
  });
  return Object.fromEntries(entries);
}
