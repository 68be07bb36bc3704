import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { emptyBoard, note, type Happening } from "../../infra/demo/board.ts";
import { frame, viewFor } from "../../infra/demo/views.ts";

const CLAIM = { event: "claimed", task_id: "r1t1", attempt: 1, title: "Write it" } as const;
const SUBMIT = {
  event: "submitted",
  task_id: "r1t1",
  attempt: 2,
  status: "completed",
  summary: "written",
} as const;

const STORY: Happening[] = [
  { agent: "boss", happened: { event: "started", role: "orchestrator" } },
  { agent: "a", happened: { event: "started", role: "implementation" } },
  { agent: "b", happened: { event: "started", role: "implementation" } },
  { agent: "boss", happened: { event: "created", tasks: 2 } },
  { agent: "a", happened: CLAIM },
  { agent: "a", happened: { event: "killed", task_id: "r1t1" } },
  { agent: "b", happened: { ...CLAIM, attempt: 2 } },
  { agent: "b", happened: SUBMIT },
];

/** A start is not worth a line; the rest of the story is. */
const LINES = STORY.filter(({ happened }) => happened.event !== "started").length;

function show(screen: { isTTY: boolean; columns: number }, env: Record<string, string>): string {
  let shown = "";
  const view = viewFor({ ...screen, write: (text) => (shown += text) }, env);
  const board = emptyBoard();
  for (const happening of STORY) {
    note(board, happening);
    view.happened(happening, board);
  }
  view.end();
  view.end();
  return shown;
}

test("a frame shows the bar, who is killed, and what was handed out again", () => {
  const board = emptyBoard();
  for (const happening of STORY) note(board, happening);
  const lines = frame(board, "1.0 s").map(stripVTControlCharacters);
  expect(lines[0]).toBe(`${"█".repeat(15)}${"░".repeat(15)}  1/2 tasks, 1 handed out again  1.0 s`);
  expect(lines.find((line) => line.startsWith("✖ a "))).toContain("while it held r1t1");
  expect(lines.find((line) => line.startsWith("· b "))).toContain("[1 done]");
});

test.each([
  [{ isTTY: false, columns: 80 }, {}],
  [{ isTTY: true, columns: 80 }, { CI: "true" }],
  [{ isTTY: true, columns: 80 }, { TERM: "dumb" }],
])("away from a terminal every happening is one plain line (%#)", (screen, env) => {
  const text = show(screen, env);
  expect(stripVTControlCharacters(text)).toBe(text);
  expect(text.trimEnd().split("\n")).toHaveLength(LINES);
  expect(text).toContain("takes r1t1 (attempt 2): Write it");
});

test.each([20, 40, 80])("on a terminal of %i columns no line wraps", (columns) => {
  const lines = stripVTControlCharacters(show({ isTTY: true, columns }, {})).split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns);
});
