/** Events, their ids, and what a filter lets through. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  EVENT_TYPES,
  eventsOf,
  isEventType,
  noSuchEvents,
  matches,
  parseEventId,
  runOfFact,
} from "../../src/domain/event.ts";

const PAGE = fileURLToPath(import.meta.resolve("../../src/http/webhooks.md"));

test("the facts of one entry become events with ids that lead back to it", () => {
  const events = eventsOf(
    "1700000000000-3",
    '[{"type":"run.created","run_id":"r1"},{"type":"task.ready","task_id":"r1t2"}]',
  );
  expect(events.map(({ id, at }) => [id, at])).toEqual([
    ["1700000000000-3-0", 1_700_000_000_000],
    ["1700000000000-3-1", 1_700_000_000_000],
  ]);
  expect(parseEventId(events[1]?.id ?? "")).toEqual({ entry: "1700000000000-3", number: 1 });
  expect(parseEventId("1700000000000-3")).toEqual({ entry: "1700000000000-3", number: Infinity });
});

test.each(["", "0", "1-", "1-2-", "1-2-3-4", "1-2 ", "-1-2", "a-b"])(
  "%j is no id of an event",
  (id) => expect(parseEventId(id)).toBeUndefined(),
);

test("a filter lets through what fits all that it names", () => {
  const fact = { type: "task.failed", task_id: "r12t3", agent_type: "testing" };
  expect(runOfFact(fact)).toBe("r12");
  expect(matches({}, fact)).toBe(true);
  expect(matches({ types: ["task.*"], agent_types: ["testing"], run_ids: ["r12"] }, fact)).toBe(
    true,
  );
  expect(matches({ types: ["task.completed"] }, fact)).toBe(false);
  expect(matches({ agent_types: ["planning"] }, fact)).toBe(false);
  expect(matches({ run_ids: ["r1"] }, fact)).toBe(false);
  expect(matches({ agent_types: ["testing"] }, { type: "run.created", run_id: "r1" })).toBe(false);
});

test("a type of a filter names an event, or the beginning of some up to a dot", () => {
  for (const type of [...EVENT_TYPES, "task.*", "run.*"]) expect(isEventType(type)).toBe(true);
  for (const type of ["", "*", "task", "task.", "task.done", "tas.*"])
    expect(isEventType(type)).toBe(false);
});

test("of a type that names nothing is said which one is near, or which ones there are", () => {
  expect(noSuchEvents("task.raedy")).toBe(
    'there are no events "task.raedy"; did you mean task.ready?',
  );
  expect(noSuchEvents("tasks.*")).toContain("did you mean task.*?");
  const all = noSuchEvents("everything");
  for (const type of [...EVENT_TYPES, "task.*", "schedule.*"]) expect(all).toContain(type);
});

test("the page about webhooks has a row for each type, and for no other", async () => {
  const page = await readFile(PAGE, "utf8");
  const table = page.slice(page.indexOf("## Event types"), page.indexOf("## A worker"));
  const names = [...table.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) =>
    cell.split(", "),
  );
  const types = names.map((name) => name.replaceAll("`", ""));
  expect(types.toSorted()).toEqual([...EVENT_TYPES, "webhook.test"].toSorted());
});
