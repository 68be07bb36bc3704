/** `npx baton answer` and `npx baton retry`: what following a run asks a person to do. */
import * as z from "zod";
import { type Body, createApi } from "../api.ts";
import { defineCommand, EXIT, type ExitCode, misused, say } from "../command.ts";
import { CONNECTION_FLAGS, findConnection } from "../connection.ts";

type ConnectionFlags = Parameters<typeof findConnection>[0]["flags"];

export const answer = defineCommand({
  name: "answer",
  takes: ["TASK", "TEXT…"],
  summary: "answer the question of a task",
  about:
    "Answers the question that a task, such as r12t3, waits for; its worker goes on with TEXT. Quotes\nspare it from the shell.",
  flags: CONNECTION_FLAGS,
  run: ([task_id = "", ...words], flags) =>
    control({ action: "answer", task_ids: [task_id], text: words.join(" ") }, flags),
});

export const retry = defineCommand({
  name: "retry",
  takes: ["TASK"],
  summary: "try a failed task again",
  about:
    "Tries a dead letter, such as r12t3, again with a fresh budget of attempts; its run goes on.",
  flags: CONNECTION_FLAGS,
  run: ([task_id = ""], flags) => control({ action: "retry", task_ids: [task_id] }, flags),
});

async function control(args: Body, flags: ConnectionFlags): Promise<ExitCode> {
  const connection = await findConnection({ flags, env: process.env });
  if (!connection.ok) return misused(connection.refusal.message);
  const reply = await createApi(connection.value).call("control_task", args);
  if (!reply.ok) return misused(reply.refusal.message);
  const [refused] = controlled.parse(reply.value).refused;
  if (refused) return misused(`${refused.task_id}: ${refused.message ?? refused.reason}`);
  say("Done.");
  return EXIT.done;
}

const controlled = z.object({
  refused: z
    .array(z.object({ task_id: z.string(), reason: z.string(), message: z.string().optional() }))
    .default([]),
});
