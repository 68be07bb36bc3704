/** The transition table itself: what it must and must not allow. */
import { expect, test } from "vitest";
import { isTerminal, type Move, MOVES, STATUSES, TERMINAL } from "../../src/domain/lifecycle.ts";

const moves: Move[] = Object.values(MOVES);

test("only what somebody does about it leaves a terminal status, and nothing leaves completed", () => {
  const leaving = Object.entries<Move>(MOVES).flatMap(([name, { from }]) =>
    from.filter(isTerminal).map((status) => `${name} ${status}`),
  );
  expect(leaving).toEqual([
    "redrive failed",
    "redrive_to_blocked failed",
    "revive skipped",
    "promote_to_review failed",
    "promote_to_review cancelled",
    "promote failed",
    "promote cancelled",
  ]);
});

test("every move starts and ends at statuses that there are", () => {
  for (const { from, to } of moves) expect(STATUSES).toEqual(expect.arrayContaining([...from, to]));
});

test("from each status that a move reaches an end can be reached", () => {
  const ends = new Set<string>(TERMINAL);
  for (let round = 0; round < STATUSES.length; round++) {
    for (const { from, to } of moves) if (ends.has(to)) for (const start of from) ends.add(start);
  }
  for (const { to } of moves) expect(ends).toContain(to);
});

test("only a claim and a late heartbeat lead to running", () => {
  const names = Object.entries(MOVES).filter(([, { to }]) => to === "running");
  expect(names.map(([name]) => name)).toEqual(["claim", "reclaim"]);
});
