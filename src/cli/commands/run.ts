/** `npx baton run FILE`: creates the workflow in a file, and follows it. */
import { createHash, randomUUID } from "node:crypto";
import * as z from "zod";
import { createApi } from "../api.ts";
import { defineCommand, EXIT, misused, say } from "../command.ts";
import { CONNECTION_FLAGS, findConnection } from "../connection.ts";
import { readTaskFile } from "../files/read-file.ts";
import type { Workflow } from "../files/workflow-schema.ts";
import { untilEnded } from "../follow/until-ended.ts";
import { planLines } from "../plan.ts";
import { clean, duration, plural } from "../text.ts";

const FLAGS = {
  "dry-run": { help: "show the waves and the critical path; send nothing" },
  "no-follow": { help: "do not wait for the end" },
  follow: { help: "wait for the end, and show what happens (default)" },
  "agent-type": { value: "TYPE", help: "for tasks whose type the file does not say" },
  tag: {
    value: "NAME",
    help: "which list of a Task Master file (default master, or the only one)",
  },
  ...CONNECTION_FLAGS,
} as const;

const ABOUT = `Creates the workflow in FILE and follows it until it ends. FILE is YAML or JSON with the arguments of create_workflow
(src/cli/workflow-file.md shows the form), or the tasks.json of Task Master. Exit codes: 0 the run completed, 1 it
failed or was cancelled, 2 the file or the call is wrong, 3 the server cannot be reached. Ctrl-C ends the watching, not
the run.`;

export const run = defineCommand({
  name: "run",
  takes: ["FILE"],
  summary: "run the workflow in a file and follow it",
  about: ABOUT,
  flags: FLAGS,
  run: async ([path = ""], values) => {
    const { tag, "agent-type": agentType } = values;
    const file = await readTaskFile(path, {
      ...(tag !== undefined && { tag }),
      ...(agentType !== undefined && { agentType }),
    });
    if (!file.ok) return misused(file.refusal.message);
    const { workflow, remarks } = file.value;
    for (const remark of remarks) say(remark);
    if (workflow.tasks.length === 0) {
      say("Nothing is left to do.");
      return EXIT.done;
    }
    if (values["dry-run"]) {
      for (const line of planLines(workflow)) say(line);
      return EXIT.done;
    }
    const connection = await findConnection({ flags: values, env: process.env });
    if (!connection.ok) return misused(connection.refusal.message);
    const api = createApi(connection.value);
    const reply = await api.call("create_workflow", withKey(workflow), { tries: 3 });
    if (!reply.ok) {
      // The server tells a worker how it makes children of its task: here that is not meant.
      return misused(reply.refusal.reason === "role" ? NEEDS_KEY : reply.refusal.message);
    }
    const {
      run_id,
      schedule_id,
      next_seconds,
      tasks,
      ready = 0,
      note,
    } = created.parse(reply.value);
    if (run_id === undefined) {
      say(
        `${schedule_id} runs ${clean(workflow.name)} by the calendar, next in ${duration(next_seconds)}. Stop it with: npx baton schedules --delete ${schedule_id}`,
      );
      return EXIT.done;
    }
    say(`${run_id} ${clean(workflow.name)}: ${plural(tasks, "task")}, ${ready} ready.`);
    if (note) say(clean(note, LONG_NOTE));
    if (values["no-follow"]) {
      say(`Watch it with: npx baton wait ${run_id}`);
      return EXIT.done;
    }
    const names = new Map(workflow.tasks.map(({ key }, index) => [`${run_id}t${index + 1}`, key]));
    return untilEnded(api, { run_id, nameOf: (task_id) => names.get(task_id) });
  },
});

const NEEDS_KEY = "run needs an orchestrator's key: set BATON_KEY to one (or --key).";
const LONG_NOTE = 1_000;

const created = z.looseObject({
  /** Absent where a schedule was made. */
  run_id: z.string().optional(),
  schedule_id: z.string().optional(),
  next_seconds: z.number().default(0),
  tasks: z.int(),
  ready: z.int().optional(),
  note: z.string().optional(),
});

/** A call that is sent again after its reply was lost makes no second run; running the same file again does. */
function withKey(workflow: Workflow): Workflow & { readonly idempotency_key: string } {
  const content = createHash("sha256").update(JSON.stringify(workflow)).digest("hex").slice(0, 16);
  return { ...workflow, idempotency_key: `baton-run:${content}:${randomUUID()}` };
}
