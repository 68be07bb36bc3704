/** Tells of a run that failed: what was wrong, how to repeat it, and what happened to the tasks concerned. */
import type { SeenCall } from "../../support/seen-call.ts";
import type { Run } from "./run.ts";

const SHOWN = 3;

export function storyOf(seed: number, { faults, history }: Run): string {
  const tasks = [...new Set(faults.join(" ").match(/\br\d+t\d+\b/g) ?? [])].slice(0, SHOWN);
  return [
    `seed ${seed}: ${faults.length} promises broken. Repeat: FAULT_SEED=${seed} npx vitest run test/faults`,
    ...faults.slice(0, 20).map((fault) => `  ${fault}`),
    ...tasks.map((task_id) => `${task_id}:\n${eventsOf(task_id, history).join("\n")}`),
  ].join("\n");
}

function eventsOf(task_id: string, { calls, facts }: Run["history"]): string[] {
  const name = new RegExp(`\\b${task_id}\\b`);
  const told = facts
    .filter((fact) => fact.task_id === task_id)
    .map(({ at, ...fact }) => ({ at, text: `event ${JSON.stringify(fact)}` }));
  const seen = calls
    .filter((call) => name.test(JSON.stringify(call)))
    .map((call) => ({ at: call.began, text: describe(call) }));
  return [...told, ...seen]
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, text }) => `  ${at} ${text}`);
}

function describe({ client, tool, args, began, ended, outcome }: SeenCall): string {
  const shown = (value: unknown): string => JSON.stringify(value).slice(0, 300);
  const took = ended === undefined ? "no end" : `${ended - began} ms`;
  return `${client} ${tool} ${shown(args)} → ${shown(outcome)} (${took})`;
}
