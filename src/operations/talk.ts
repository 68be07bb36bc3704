/** What was said about a task, as its worker is shown it: questions with their answers, and messages. */
import * as z from "zod";
import type { TaskRecord } from "../domain/task.ts";
import { cutText, fitting } from "./reply-budget.ts";

export const talk = {
  answers: z.array(z.looseObject({ question: z.string(), answer: z.string() })).optional(),
  messages: z.array(z.string()).optional(),
};

export interface Talk {
  readonly answers?: { question: string; answer: string }[];
  readonly messages?: string[];
}

/** Each within so many bytes, the latest for sure; `whole` says whether all of it is shown. */
export function talkOf(
  { answers = [], messages = [] }: TaskRecord,
  bytes: number,
): { talk: Talk; whole: boolean } {
  const answered = answers.map(({ question, answer }) => ({
    question: cutText(question, bytes / 4),
    answer: cutText(answer, bytes / 2),
  }));
  const told = messages.map(({ text }) => cutText(text, bytes / 2));
  const talk = {
    ...(answered.length > 0 && { answers: latest(answered, bytes) }),
    ...(told.length > 0 && { messages: latest(told, bytes) }),
  };
  const all = { answers, messages: messages.map(({ text }) => text) };
  const shown = { answers: talk.answers ?? [], messages: talk.messages ?? [] };
  return { talk, whole: JSON.stringify(shown) === JSON.stringify(all) };
}

function latest<T>(items: readonly T[], bytes: number): T[] {
  return fitting(items.toReversed(), bytes).toReversed();
}
