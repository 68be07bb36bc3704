/** What can be wrong between the functions of a goal, once each of them has been read. */
import type { Example, Fault } from "./goal.ts";
import { commonKind } from "./values.ts";

/** A function as read, before its examples are compared and its uses resolved. */
export interface Section {
  readonly line: number;
  readonly name: string;
  readonly params: readonly string[];
  readonly description: string[];
  readonly mentions: { readonly name: string; readonly line: number }[];
  readonly examples: (Example & { readonly line: number })[];
}

/** One example to write the function from, and at least one that is kept back for its test. */
const EXAMPLES_MIN = 2;

/** A task may depend on 100 others: the one that runs the tests depends on two for each function. */
const FUNCTIONS_MAX = 50;

/** Words that cannot name a function or a parameter in a module, and the one that the tests would hide. */
const RESERVED = new Set(
  (
    "await break case catch class const continue debugger default delete do else enum export extends false finally for " +
    "function if implements import in instanceof interface let new null package private protected public return static " +
    "super switch this throw true try typeof var void while with yield arguments eval undefined assert test"
  ).split(" "),
);

export function checkLibrary(sections: readonly Section[]): Fault[] {
  const names = new Set(sections.map((section) => section.name));
  const over = sections[FUNCTIONS_MAX];
  return [
    ...(over ? [{ line: over.line, reason: `A goal has at most ${FUNCTIONS_MAX} functions` }] : []),
    ...sections.flatMap((section) => [...nameFaults(section), ...exampleFaults(section)]),
    ...doubledNames(sections),
    ...sections.flatMap((section) =>
      section.mentions
        .filter(({ name }) => !names.has(name) || name === section.name)
        .map(({ name, line }) => ({
          line,
          reason:
            name === section.name
              ? `${name} cannot build on itself`
              : `\`${name}\` is no function of this library; backticks are for those`,
        })),
    ),
    ...circleFaults(sections),
  ];
}

function nameFaults({ name, params, line }: Section): Fault[] {
  const faults: Fault[] = [];
  for (const word of [name, ...params]) {
    if (!/^[A-Za-z]\w*$/.test(word)) {
      faults.push({
        line,
        reason: `"${word}" is no parameter's name; each function takes at least one`,
      });
    } else if (RESERVED.has(word)) {
      faults.push({
        line,
        reason: `"${word}" has a meaning of its own in JavaScript; take another name`,
      });
    }
  }
  if (new Set([name, ...params]).size <= params.length) {
    faults.push({ line, reason: `A name appears twice in ${name}(${params.join(", ")})` });
  }
  return faults;
}

function exampleFaults({ name, params, examples, line }: Section): Fault[] {
  if (examples.length < EXAMPLES_MIN) {
    return [
      {
        line,
        reason: `${name} needs at least ${EXAMPLES_MIN} examples, it has ${examples.length}`,
      },
    ];
  }
  const faults: Fault[] = [];
  for (const [index, param] of params.entries()) {
    if (!commonKind(examples.map(({ args }) => args[index]))) {
      faults.push({
        line,
        reason: `The examples of ${name} give ${param} values of different kinds`,
      });
    }
  }
  if (!commonKind(examples.map(({ result }) => result))) {
    faults.push({ line, reason: `The examples of ${name} have results of different kinds` });
  }
  const results = new Map<string, string>();
  for (const example of examples) {
    const call = JSON.stringify(example.args);
    const result = JSON.stringify(example.result);
    if ((results.get(call) ?? result) !== result) {
      faults.push({
        line: example.line,
        reason: `An earlier example gives this call another result`,
      });
    }
    results.set(call, result);
  }
  return faults;
}

/** Names that differ only in case would share a file where the file system ignores case. */
function doubledNames(sections: readonly Section[]): Fault[] {
  const seen = new Set<string>();
  return sections.flatMap(({ name, line }) => {
    const doubled = seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    return doubled ? [{ line, reason: `There is already a function ${name}` }] : [];
  });
}

/** Takes away, again and again, what builds on nothing that is left; what then remains stands in a circle or behind one. */
function circleFaults(sections: readonly Section[]): Fault[] {
  const left = new Map(sections.map((section) => [section.name, section]));
  for (;;) {
    const free = [...left.values()].filter(
      ({ name, mentions }) =>
        !mentions.some((other) => other.name !== name && left.has(other.name)),
    );
    if (free.length === 0) break;
    for (const { name } of free) left.delete(name);
  }
  const [first] = left.values();
  if (!first) return [];
  return [
    {
      line: first.line,
      reason: `These build on each other in a circle: ${[...left.keys()].join(", ")}`,
    },
  ];
}
