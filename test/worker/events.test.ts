/** `GET /v1/events` of the built Worker: live, resumed, filtered, and what becomes of it when streams break. */
import { expect, onTestFinished, test } from "vitest";
import { startStack } from "../../infra/local/stack.ts";
import { sized } from "../support/engine.ts";
import { openEvents, type SeenEvent } from "../support/event-reader.ts";
import { useStack } from "../support/stack.ts";
import { apiOf, headersOf } from "../support/worker-api.ts";

const stack = useStack();

test("events arrive as they happen, with ids, types, and no payload", async () => {
  const reader = await openEvents(stack());
  const task_id = await apiOf(stack()).task("watched", { context: { secret: "in the task" } });
  const seen = await reader.take(3);
  expect(seen.map(({ type }) => type)).toEqual(["run.created", "task.created", "task.ready"]);
  expect(seen[1]?.data).toEqual({ task_id, agent_type: "watched", at: expect.any(String) });
  expect(JSON.stringify(seen)).not.toContain("in the task");
  reader.close();
});

test("a filter lets through one run, one type, one agent type", async () => {
  const api = apiOf(stack());
  const first = await api.task("one");
  const run_id = first.slice(0, first.indexOf("t"));
  const reader = await openEvents(stack(), `?run_id=${run_id}&type=task.created&agent_type=two`);
  await api.task("one");
  await api.task("two");
  await api.task("one", { run_id });
  const wanted = await api.task("two", { run_id });
  expect((await reader.take(1)).map(({ data }) => data["task_id"])).toEqual([wanted]);
  reader.close();
});

test.each([
  ["?typs=task.failed", 400, "did you mean types?"],
  ["?types=task.done", 400, "task.done"],
  ["?run_id=x", 404, "No run x"],
  ["?after=yesterday", 400, "Last-Event-ID"],
])("%s is refused with %i", async (query, status, words) => {
  const response = await fetch(`${stack().baseUrl}/v1/events${query}`, {
    headers: headersOf("viewer"),
  });
  expect(response.status).toBe(status);
  expect(await response.text()).toContain(words);
});

test("without a key there is no stream", async () => {
  expect((await fetch(`${stack().baseUrl}/v1/events`)).status).toBe(401);
});

test("beyond twenty streams of one key the oldest ends, and the others go on", async () => {
  const readers = [];
  for (let number = 0; number < 21; number++) {
    readers.push(await openEvents(stack(), "?agent_type=crowd", { role: "viewer" }));
  }
  const [oldest, second, ...others] = readers;
  await expect(oldest?.take(1)).rejects.toThrow("the stream has ended");
  await apiOf(stack()).task("crowd");
  expect(await second?.take(1)).toHaveLength(1);
  for (const reader of [second, ...others]) reader?.close();
});

const EVENTS = sized(5_000, 1_000);

test(`a reader that breaks off a hundred times sees each of ${EVENTS} events once, in order`, async () => {
  const api = apiOf(stack());
  const start = await openEvents(stack(), "?types=state.changed");
  await api.ok("set_shared_state", { key: "start", value: 0 });
  let [last] = await start.take(1);
  start.close();
  const writing = (async () => {
    for (let batch = 0; batch < EVENTS / 20; batch++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          api.ok("set_shared_state", { key: `k${index}`, value: batch }),
        ),
      );
    }
  })();
  const seen: SeenEvent[] = [];
  for (let broken = 0; seen.length < EVENTS; broken++) {
    const reader = await openEvents(stack(), "?types=state.changed", { after: last?.id ?? "" });
    const some = await reader.take(
      broken < 100 ? Math.min(EVENTS / 100 - 1, EVENTS - seen.length) : EVENTS - seen.length,
    );
    reader.close();
    seen.push(...some);
    last = some.at(-1);
  }
  await writing;
  expect(new Set(seen.map(({ id }) => id)).size).toBe(EVENTS);
  const numbers = seen.map(({ id }) => id.split("-").map(Number));
  const sorted = numbers.toSorted(
    ([a = 0, b = 0, c = 0], [d = 0, e = 0, f = 0]) => a - d || b - e || c - f,
  );
  expect(numbers).toEqual(sorted);
});

test("a stream says where it begins, so that a reader to which nothing was told yet can resume", async () => {
  await apiOf(stack()).task("before");
  const response = await fetch(`${stack().baseUrl}/v1/events?agent_type=resumed`, {
    headers: headersOf("viewer"),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = (await reader?.read()) ?? {};
  await reader?.cancel();
  const after = /^id: (\d+-\d+)$/m.exec(value)?.[1] ?? "";
  const task_id = await apiOf(stack()).task("resumed");
  const resumed = await openEvents(stack(), "?agent_type=resumed", { after });
  expect((await resumed.take(1))[0]?.data["task_id"]).toBe(task_id);
  resumed.close();
});

test("a stream goes on when Upstash ends its own, and hears what came meanwhile", async () => {
  const reader = await openEvents(stack(), "?agent_type=late");
  const { upstash } = stack();
  await expect.poll(() => upstash.streams.close("events")).toBeGreaterThan(0);
  await apiOf(stack()).task("late");
  expect((await reader.take(1))[0]?.data["agent_type"]).toBe("late");
  reader.close();
});

test("whoever resumes from what the log no longer has is told of the gap", async () => {
  const alone = await startStack({ freePorts: true, quiet: true });
  onTestFinished(() => alone.stop());
  await apiOf(alone).task("kept");
  const reader = await openEvents(alone, "", { after: "1000-0-0" });
  const [gap, ...rest] = await reader.take(4);
  expect(gap).toMatchObject({ type: "gap", data: { oldest: expect.stringMatching(/^\d+-\d+$/) } });
  expect(rest.map(({ type }) => type)).toEqual(["run.created", "task.created", "task.ready"]);
  reader.close();
});
