/** What the names in a script stand for, read from its text: Lua takes one that nobody declared for nil, and only when it is reached. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EVENTS_READ } from "../../src/store/event-log.ts";
import { SCHEDULE_SCRIPTS } from "../../src/store/schedule-scripts.ts";
import { DEPLOYMENT_SCRIPTS, SCRIPTS } from "../../src/store/scripts.ts";
import { WEBHOOK_SCRIPTS } from "../../src/store/webhook-scripts.ts";

const FOLDER = join(import.meta.dirname, "../../src/store/scripts/lib");

/** Of Lua and of Redis. */
const GIVEN = new Set(
  ["and break do else elseif end false for function if in local nil not or repeat return then true"]
    .concat(
      "until while cjson error ipairs math next pairs redis select string table tonumber tostring",
    )
    .concat("type unpack KEYS ARGV")
    .flatMap((line) => line.split(" ")),
);

/** Declared at the top level of a chunk, from where the ones after it may use it. */
function exportsOf(source: string): string[] {
  const found = source.matchAll(/^local (?:function (\w+)|((?!function )\w+(?:, \w+)*)(?= =|$))/gm);
  return [...found].flatMap(([, name, names = ""]) =>
    name === undefined ? names.split(", ") : [name],
  );
}

/** The names that it uses and does not declare itself, anywhere. */
function foreignNames(source: string): Set<string> {
  const code = source.replaceAll(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|--.*$|^#.*/gm, "");
  const patterns = [
    /\blocal (?:function )?(\w+(?:, \w+)*)/g,
    /\bfunction[ \w.]*\(([^)]*)\)/g,
    /\bfor (\w+(?:, \w+)*) /g,
  ];
  const own = new Set(GIVEN);
  for (const pattern of patterns) {
    for (const [, names = ""] of code.matchAll(pattern)) {
      for (const name of names.split(", ")) own.add(name);
    }
  }
  // Neither a field nor, before a single =, the name of one in a table.
  const used = code.matchAll(/(?<![\w.])([A-Za-z_]\w*)\b(?!\s*=[^=])/g);
  return new Set([...used].map(([, name = ""]) => name).filter((name) => !own.has(name)));
}

const scripts = [
  ...Object.values(SCRIPTS),
  ...Object.values(DEPLOYMENT_SCRIPTS),
  ...Object.values(WEBHOOK_SCRIPTS),
  ...Object.values(SCHEDULE_SCRIPTS),
  EVENTS_READ,
];

test.each(scripts)("the script $name names nothing that it does not have", ({ text }) => {
  expect([...foreignNames(text)]).toEqual([]);
});

const chunks = readdirSync(FOLDER).map((file) => {
  const source = readFileSync(join(FOLDER, file), "utf8");
  return { name: file.replace(/\.lua$/, ""), source, exports: exportsOf(source) };
});

describe.each(chunks)("the chunk $name", ({ name, source }) => {
  test("says on which others it stands", () => {
    const foreign = foreignNames(source);
    const used = chunks.filter(
      (other) => other.name !== name && other.exports.some((one) => foreign.has(one)),
    );
    const [, said = ""] = /^-- Depends on: ([^;.]*)/m.exec(source) ?? [];
    const named = chunks.filter((other) => said.split(/,\s(?:-- )?/).includes(other.name));
    expect(named.map((one) => one.name)).toEqual(used.map((one) => one.name));
  });
});
