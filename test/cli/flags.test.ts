import { expect, test } from "vitest";
import { helpOf, parseFlags, portFrom } from "../../src/cli/flags.ts";

const FLAGS = {
  port: { value: "N", help: "where to listen" },
  redis: { value: "ENGINE", help: "which Redis" },
  verbose: { help: "say more" },
} as const;

test("reads switches and values in both notations", () => {
  expect(parseFlags(FLAGS, ["--port", "8000", "--redis=embedded", "--verbose"])).toEqual({
    ok: true,
    values: { port: "8000", redis: "embedded", verbose: true },
    words: [],
  });
});

test.each([
  [["--prot", "1"], "No flag --prot; did you mean --port?"],
  [["--nothing-like-it"], "No flag --nothing-like-it."],
  [["-x"], "No flag -x."],
  [["--port"], "--port needs a value: N."],
  [["--port="], "--port needs a value: N."],
  [["--verbose=yes"], "--verbose takes no value."],
  [["8000"], "Nothing is expected here: 8000."],
])("refuses %j, saying why", (args, message) => {
  expect(parseFlags(FLAGS, args)).toEqual({ ok: false, message: `${message} See --help.` });
});

test.each([
  [["build.yaml", "--verbose"], { ok: true, values: { verbose: true }, words: ["build.yaml"] }],
  [["--", "--odd-name"], { ok: true, values: {}, words: ["--odd-name"] }],
  [[], { ok: false, message: "FILE is missing. See --help." }],
  [["a", "b"], { ok: false, message: "Nothing is expected here: b. See --help." }],
])("takes exactly the words that a command names: %j", (args, expected) => {
  expect(parseFlags(FLAGS, args, ["FILE"])).toEqual(expected);
});

test.each([
  [["r1t1", "Blue", "it", "is"], { ok: true, values: {}, words: ["r1t1", "Blue", "it", "is"] }],
  [["r1t1"], { ok: false, message: "TEXT… is missing. See --help." }],
])("a last word with dots takes all that is left: %j", (args, expected) => {
  expect(parseFlags(FLAGS, args, ["TASK", "TEXT…"])).toEqual(expected);
});

test("gives each flag a line of help", () => {
  expect(helpOf(FLAGS).split("\n")).toEqual([
    "  --port N        where to listen",
    "  --redis ENGINE  which Redis",
    "  --verbose       say more",
  ]);
});

test.each([
  ["8787", 8787],
  ["65535", 65_535],
  ["0", undefined],
  ["65536", undefined],
  ["80a", undefined],
  ["-1", undefined],
])("reads %s as a port: %s", (text, port) => {
  expect(portFrom(text)).toBe(port);
});
