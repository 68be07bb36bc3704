// Durations as Go and QStash write them.

import * as fc from "../../support/fast-check.ts";
import { expect, test } from "vitest";
import { parseGoDuration, parseQstashDuration } from "../../../infra/local/qstash/durations.ts";

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
};

const goPart = fc.record({
  whole: fc.nat(9_999),
  fraction: fc.option(fc.nat(999), { nil: undefined }),
  unit: fc.constantFrom(...Object.keys(unitMs)),
});

test("any sequence of Go parts means the sum of its parts", () => {
  fc.assert(
    fc.property(
      fc.array(goPart, { minLength: 1, maxLength: 6 }),
      fc.constantFrom("", "-", "+"),
      (parts, sign) => {
        const texts = parts.map((part) => ({
          number: part.fraction === undefined ? `${part.whole}` : `${part.whole}.${part.fraction}`,
          unit: part.unit,
        }));
        const text = sign + texts.map(({ number, unit }) => number + unit).join("");
        const sum = texts.reduce(
          (ms, { number, unit }) => ms + Number(number) * (unitMs[unit] ?? NaN),
          0,
        );
        expect(parseGoDuration(text)).toBeCloseTo(sign === "-" ? -sum : sum, 3);
      },
    ),
  );
});

test("text that is not a sequence of parts is no duration", () => {
  const valid = /^[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;
  const pieces = fc.constantFrom(
    "1",
    "5",
    ".",
    "-",
    "+",
    "s",
    "m",
    "h",
    "ms",
    "us",
    "d",
    " ",
    "x",
    "",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 7 }), (list) => {
      const text = list.join("");
      expect(parseGoDuration(text) !== undefined).toBe(valid.test(text));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["6m5s", 365_000],
  ["1h", 3_600_000],
  ["1.5s", 1_500],
  [".5s", 500],
  ["0", 0],
  ["-2s", -2_000],
  ["100us", 0.1],
])("Go reads %s", (text, ms) => {
  expect(parseGoDuration(text)).toBeCloseTo(ms, 6);
});

test.each(["", "5", "1d", "s", "1 s", "1s2", "--1s", "1..5s"])("Go refuses %j", (text) => {
  expect(parseGoDuration(text)).toBeUndefined();
});

test("QStash knows days besides, and no sign", () => {
  expect(parseQstashDuration("1d10h30m")).toBe(34.5 * 3_600_000);
  expect(parseQstashDuration("50s")).toBe(50_000);
  expect(parseQstashDuration("-5s")).toBeUndefined();
  expect(parseQstashDuration("5")).toBeUndefined();
});
