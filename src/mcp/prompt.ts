/** What a prompt is: a working protocol for one role, complete on its own, as text for the model. */
import {
  type GetPromptRequest,
  type GetPromptResult,
  ProtocolError,
  ProtocolErrorCode,
} from "@modelcontextprotocol/server";
import { nearest } from "../domain/nearest.ts";

export interface PromptArguments {
  readonly agent_id?: string | undefined;
  readonly goal?: string | undefined;
}

export interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly text: (given: PromptArguments) => string;
}

/** All prompts take the same. */
const ARGUMENTS = [
  { name: "agent_id", description: "The name to work under; no two agents may share one" },
  { name: "goal", description: "What the team works towards" },
];

export function listPrompts(prompts: readonly Prompt[]) {
  return prompts.map(({ name, title, description }) => ({
    name,
    title,
    description,
    arguments: ARGUMENTS,
  }));
}

/** Throws a `ProtocolError` (-32602) for a name that does not exist. */
export function getPrompt(
  prompts: readonly Prompt[],
  { name, arguments: given = {} }: GetPromptRequest["params"],
): GetPromptResult {
  const prompt = prompts.find((known) => known.name === name);
  if (prompt === undefined) throw unknownPrompt(name, prompts);
  const text = prompt.text({ agent_id: filled(given["agent_id"]), goal: filled(given["goal"]) });
  return {
    description: prompt.description,
    messages: [{ role: "user", content: { type: "text", text } }],
  };
}

/** Clients send empty text for what was left blank. */
function filled(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === "" ? undefined : text;
}

function unknownPrompt(name: string, prompts: readonly Prompt[]): ProtocolError {
  const names = prompts.map((prompt) => prompt.name);
  const meant = nearest(name, names);
  const hint = meant ? `did you mean ${meant}?` : `there are ${names.join(", ")}.`;
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `No prompt ${JSON.stringify(name.slice(0, 60))}; ${hint}`,
  );
}
