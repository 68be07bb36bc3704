/** What is wrong with the options of a file: each task's own, put together with those for all tasks as the server does. */
import { parseTaskId } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import { readCronOption } from "../../domain/schedule.ts";
import { joinPath } from "../../operations/input-problems.ts";
import { isObject } from "../../operations/json-text.ts";
import { optionProblems } from "../../operations/options.ts";
import { bytesOf } from "../../operations/text.ts";
import type { Fault, Path } from "./fault.ts";

type Fields = Readonly<Record<string, unknown>>;

export function allOptionFaults(options: unknown, tasks: readonly unknown[]): Fault[] {
  const { cron, ...common } = isObject(options) ? options : {};
  const planned = cron !== undefined && cron !== null && cron !== "";
  const keys = new Set(tasks.map((task) => (isObject(task) ? task["key"] : undefined)));
  const faults = [
    ...(planned ? cronFaults(cron) : []),
    // What goes together with what is seen task by task.
    ...faultsOf(common, () => ["options"]).filter(({ path }) => path[1] !== "concurrency_limit"),
    ...tasks.flatMap((task, index) => {
      if (!isObject(task)) return [];
      const path = ["tasks", index];
      const own = isObject(task["options"]) ? task["options"] : {};
      const homeOf = (name: unknown): Path =>
        Object.hasOwn(own, String(name)) ? [...path, "options"] : ["options"];
      const all = { ...common, ...own };
      return [
        ...faultsOf(all, homeOf),
        ...reviewFaults(all, homeOf),
        ...ruleFaults(all, { task, path, homeOf }),
        ...(planned ? onceOnlyFaults(all, { task, path, homeOf, keys }) : []),
      ];
    }),
  ];
  return onceEach(faults);
}

interface Placed {
  readonly task: Fields;
  readonly path: Path;
  /** Where an option stands: with the task, or with those for all. */
  readonly homeOf: (name: unknown) => Path;
}

function faultsOf(options: Fields, homeOf: Placed["homeOf"]): Fault[] {
  return optionProblems(options, []).map(({ path, unknown, say }): Fault => {
    const at = path as Path;
    return {
      path: [...homeOf(at[0]), ...at],
      what: unknown ? "name" : "value",
      message: say(joinPath(at.slice(at.findLastIndex((part) => typeof part === "string"))))
        .replace(/^\./, "")
        .replace(/\.$/, ""),
    };
  });
}

function reviewFaults({ review }: Fields, homeOf: Placed["homeOf"]): Fault[] {
  const criteria = isObject(review) ? review["criteria"] : undefined;
  const bytes = typeof criteria === "string" ? bytesOf(criteria) : 0;
  const message = `${bytes} bytes; at most ${LIMITS.criteria_bytes} are allowed`;
  if (bytes <= LIMITS.criteria_bytes) return [];
  return [{ path: [...homeOf("review"), "review", "criteria"], message }];
}

function ruleFaults(options: Fields, { task, path, homeOf }: Placed): Fault[] {
  const { dependencies } = task;
  const none = !Array.isArray(dependencies) || dependencies.length === 0;
  if (options["trigger_rule"] !== "one_failed" || !none) return [];
  const home = homeOf("trigger_rule");
  const message =
    "trigger_rule one_failed runs when a dependency failed, and there is none: name some, or leave it out";
  return [{ path: home.length > 1 ? [...home, "trigger_rule"] : path, message }];
}

function cronFaults(cron: unknown): Fault[] {
  const read = readCronOption(cron);
  if (read.ok) return [];
  const said = read.refusal.message.replace("options.cron: ", "").replace(/\.$/, "");
  return [{ path: ["options", "cron"], message: said }];
}

/** What fits a single run and no later one. */
function onceOnlyFaults(
  options: Fields,
  { task, path, homeOf, keys }: Placed & { readonly keys: ReadonlySet<unknown> },
): Fault[] {
  const { dependencies } = task;
  const names: readonly unknown[] = Array.isArray(dependencies) ? dependencies : [];
  const existing = names.flatMap((name, at): Fault[] => {
    if (typeof name !== "string" || keys.has(name) || !parseTaskId(name)) return [];
    const message = `a workflow by the calendar cannot wait for ${name} each time`;
    return [{ path: [...path, "dependencies", at], message }];
  });
  const moments = ["start_at", "deadline"].flatMap((name): Fault[] => {
    const given = options[name];
    if (given === undefined || given === null || given === "") return [];
    const message = `${name} is a single moment; leave it out of a workflow by the calendar`;
    return [{ path: [...homeOf(name), name], message }];
  });
  return [...existing, ...moments];
}

/** Those of the options for all tasks are met with each task. */
function onceEach(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((one) => [`${joinPath(one.path)} ${one.message}`, one])).values()];
}
