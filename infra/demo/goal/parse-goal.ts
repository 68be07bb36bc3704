/** Reads a goal file. Its form, by example:
 *
 *     # text-kit
 *     Anything said about the library.
 *
 *     ## slugify(title)
 *     What it does; another function's name in backticks, as in `words`, says that it builds on that one.
 *     - slugify("Hello World") is "hello-world"
 */
import type { Example, Fault, Goal, GoalFunction } from "./goal.ts";
import { checkLibrary } from "./library-faults.ts";
import type { Section } from "./library-faults.ts";
import { commonKind, isValue } from "./values.ts";
import type { Value } from "./values.ts";

export type ParsedGoal =
  | { readonly ok: true; readonly goal: Goal }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The Planning agent gets the whole text as the context of one task. */
const LENGTH_MAX = 6_000;

/** Reads all of it and lists every fault, in the order of lines. */
export function parseGoal(text: string): ParsedGoal {
  const reader = readLines(text);
  const faults = [...reader.faults, ...checkLibrary(reader.sections)];
  if (text.length > LENGTH_MAX) {
    const reason = `A goal has at most ${LENGTH_MAX} characters, this one has ${text.length}`;
    faults.push({ line: 1, reason });
  }
  if (reader.title === undefined) {
    faults.push({ line: 1, reason: "A goal begins with a title: # name-of-the-library" });
  } else if (reader.sections.length === 0) {
    faults.push({ line: 1, reason: "No function: add a heading such as ## slugify(title)" });
  }
  if (faults.length > 0) return { ok: false, faults: faults.toSorted((a, b) => a.line - b.line) };
  return {
    ok: true,
    goal: {
      name: reader.title ?? "",
      description: reader.description.join(" "),
      functions: reader.sections.map((section) => toFunction(section)),
    },
  };
}

const TITLE = /^# ([a-z][a-z0-9-]*)$/;
const HEADING = /^## ([A-Za-z]\w*)\(([^()]*)\)$/;
const MENTION = /`([^`]+)`/g;

function readLines(text: string) {
  const faults: Fault[] = [];
  const sections: Section[] = [];
  const description: string[] = [];
  let title: string | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const content = raw.trim();
    const section = sections.at(-1);
    if (content === "") continue;
    if (title === undefined) {
      title = TITLE.exec(content)?.[1];
      if (title === undefined) {
        faults.push({ line, reason: "Expected the title first: # name-of-the-library" });
        title = "";
      }
    } else if (content.startsWith("#")) {
      const heading = HEADING.exec(content);
      if (heading) sections.push(newSection(line, heading));
      else faults.push({ line, reason: "Expected a function's heading: ## name(parameter, …)" });
    } else if (content.startsWith("- ") && section) {
      const example = readExample(content.slice(2), section);
      if (typeof example === "string") faults.push({ line, reason: example });
      else section.examples.push({ ...example, line });
    } else if (section) {
      section.description.push(content);
      for (const [, name] of content.matchAll(MENTION)) {
        if (name) section.mentions.push({ name, line });
      }
    } else {
      description.push(content);
    }
  }
  return { title, description, sections, faults };
}

function newSection(line: number, heading: RegExpExecArray): Section {
  const params = (heading[2] ?? "").split(",").map((name) => name.trim());
  return {
    line,
    name: heading[1] ?? "",
    params,
    description: [],
    mentions: [],
    examples: [],
  };
}

/** `call is value`, both in JSON's notation. A text may itself contain ") is ", so every such place is tried. */
function readExample(text: string, section: Section): Example | string {
  const start = `${section.name}(`;
  if (!text.startsWith(start)) return `Expected an example: ${start}…) is …`;
  const divider = ") is ";
  for (let at = text.indexOf(divider); at !== -1; at = text.indexOf(divider, at + 1)) {
    const args = fromJson(`[${text.slice(start.length, at)}]`);
    const result = fromJson(text.slice(at + divider.length));
    if (Array.isArray(args) && result !== undefined) return toExample(args, result, section);
  }
  return `Expected ${start}…) is …, with values as in JSON: "text", 12, true, ["a", "b"], [1, 2]`;
}

function toExample(args: readonly unknown[], result: unknown, section: Section): Example | string {
  if (args.length !== section.params.length) {
    return `${section.name} takes ${section.params.length} (${section.params.join(", ")}), this gives it ${args.length}`;
  }
  const values: Value[] = args.filter(isValue);
  if (values.length < args.length || !isValue(result)) {
    return "A value is a text, a number, true or false, or a list of texts or of numbers";
  }
  return { args: values, result };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toFunction(section: Section): GoalFunction {
  const { name, examples } = section;
  return {
    name,
    params: section.params.map((param, index) => ({
      name: param,
      kind: commonKind(examples.map(({ args }) => args[index])) ?? "text",
    })),
    description: section.description.join(" "),
    uses: [...new Set(section.mentions.map((mention) => mention.name))],
    returns: commonKind(examples.map(({ result }) => result)) ?? "text",
    examples: examples.map(({ args, result }) => ({ args, result })),
  };
}
