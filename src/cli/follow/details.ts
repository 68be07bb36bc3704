/** Asks for what only a task's own status says: its error, or its question. */
import * as z from "zod";
import type { Api, CallOptions } from "../api.ts";
import { clean } from "../text.ts";
import type { Details } from "./changes.ts";

const status = z.object({
  error: z.unknown().optional(),
  question: z.unknown().optional(),
});

const error = z.object({ message: z.string(), code: z.string().optional() });

export async function detailsOf(api: Api, task_id: string, options: CallOptions): Promise<Details> {
  const reply = await api.call("get_task_status", { task_id }, { tries: 3, ...options });
  const told = status.safeParse(reply.ok ? reply.value : {});
  if (!told.success) return {};
  const failure = error.safeParse(told.data.error);
  const { question } = told.data;
  return {
    ...(failure.success && { error: sentence(failure.data) }),
    ...(question !== undefined && {
      question: clean(typeof question === "string" ? question : JSON.stringify(question), 1_000),
    }),
  };
}

function sentence({ message, code }: z.infer<typeof error>): string {
  return `${clean(message)}${code ? ` [${clean(code, 64)}]` : ""}`;
}
