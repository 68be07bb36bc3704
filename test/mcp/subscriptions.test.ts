/** `subscriptions/listen` in process: other projects, slow readers, and the end of a subscription's time. */
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { readFrames } from "../../src/cli/events/frames.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { enter, leave } from "../../src/operations/streams/open-streams.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { type Project, useProjects } from "../support/project.ts";
import { APP_URL, fetchOf } from "../support/project-app.ts";
import { openSubscriber } from "../support/subscriber.ts";

const newProject = useProjects();

afterEach(() => {
  vi.useRealTimers();
});

function subscriber(project: Project) {
  return openSubscriber({ url: APP_URL, key: "btn_test_worker", fetch: fetchOf(project) });
}

async function cancel(project: Project, ...task_ids: string[]): Promise<void> {
  await project.ok(controlTask, { action: "cancel", task_ids });
}

const VERSION = "2026-07-28";

/** A request as a program of one's own would send it. */
function listenRequest(uris: readonly string[], headers: Record<string, string> = {}) {
  return new Request(APP_URL, {
    method: "POST",
    headers: {
      authorization: "Bearer btn_test_viewer",
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": VERSION,
      "mcp-method": "subscriptions/listen",
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 7,
      method: "subscriptions/listen",
      params: {
        notifications: { resourceSubscriptions: uris },
        _meta: {
          "io.modelcontextprotocol/protocolVersion": VERSION,
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });
}

test("another project's task is as one that never was: neither acknowledged nor told of", async () => {
  const [ours, theirs] = [newProject(), newProject()];
  const own = await ours.task();
  await theirs.task();
  const foreign = (await theirs.graph({ a: [], b: [] })) + "t2";
  const { told, listen } = await subscriber(ours);
  const [asked, never] = [
    await listen(`baton://tasks/${foreign}`),
    await listen("baton://runs/r9"),
  ];
  expect(asked.honoredFilter).toEqual(never.honoredFilter);
  expect([await asked.closed, await never.closed]).toEqual(["graceful", "graceful"]);

  // The same id means a task of one's own here, and a change of the other's is nobody's business.
  await listen(`baton://tasks/${own}`);
  await cancel(theirs, own);
  await cancel(ours, own);
  await expect.poll(() => told).toEqual([`baton://tasks/${own}`]);
});

test("each message carries the subscription's id, the acknowledgement first and the result last", async () => {
  const project = newProject();
  const id = await project.task();
  const next = await listenTo(project, "baton://runs/r1");
  const tag = { "io.modelcontextprotocol/subscriptionId": 7 };
  const filter = { resourceSubscriptions: ["baton://runs/r1"] };
  expect(await next()).toMatchObject({
    method: "notifications/subscriptions/acknowledged",
    params: { _meta: tag, notifications: filter },
  });
  await cancel(project, id);
  expect(await next()).toMatchObject({
    method: "notifications/resources/updated",
    params: { _meta: tag, uri: "baton://runs/r1" },
  });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 300_000 });
  await project.task();
  expect(await next()).toMatchObject({ id: 7, result: { resultType: "complete", _meta: tag } });
  expect(await next()).toBeUndefined();
});

test("nothing is read for a reader that does not read, and all is told as one change once it does", async () => {
  const project = newProject();
  const run_id = await project.graph({ a: [], b: [], c: [] });
  project.upstash.stats.reset();
  const looks = () => project.upstash.stats.snapshot().inner["XRANGE"];
  const next = await listenTo(project, `baton://runs/${run_id}`);
  await expect.poll(looks).toBe(1);
  for (const task of ["t1", "t2", "t3"]) await cancel(project, `${run_id}${task}`);
  expect(looks()).toBe(1);

  expect((await next())?.["method"]).toBe("notifications/subscriptions/acknowledged");
  expect((await next())?.["method"]).toBe("notifications/resources/updated");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 300_000 });
  await project.task();
  expect(await next()).toMatchObject({ id: 7 });
});

test("a subscription costs three looks and a stream, and then one look for each change", async () => {
  // Redis has the scripts then, and is sent none of them again.
  const before = newProject();
  await cancel(before, await before.task());
  before.upstash.stats.reset();
  await (
    await listenTo(before, "baton://runs/r1")
  )();
  const looks = () => before.upstash.stats.snapshot().inner["XRANGE"];
  await expect.poll(looks).toBe(2);
  const project = newProject();
  const id = await project.task();
  const other = await project.task();
  const requests = () => project.upstash.stats.snapshot().httpRequests;
  project.upstash.stats.reset();
  const next = await listenTo(project, `baton://tasks/${id}`);
  expect((await next())?.["method"]).toBe("notifications/subscriptions/acknowledged");
  // Whether it exists, the stream, where the log ends, what came meanwhile; the last two have been answered.
  await expect.poll(() => [requests(), looks()]).toEqual([4, 2]);
  project.upstash.stats.reset();
  await cancel(project, id);
  expect((await next())?.["method"]).toBe("notifications/resources/updated");
  expect(requests()).toBe(2);
  // That of the look alone; the cancel wrote the rest.
  expect(looks()).toBe(1);
  await cancel(project, other);
  await expect.poll(requests).toBe(4);
});

test("of too many resources the first fifty are acknowledged", async () => {
  const project = newProject();
  const names = Array.from({ length: 60 }, (_, index) => `t${index + 1}`);
  const run_id = await project.graph(Object.fromEntries(names.map((name) => [name, []])));
  const { listen } = await subscriber(project);
  const uris = names.map((name) => `baton://tasks/${run_id}${name}`);
  const { honoredFilter } = await listen(...uris);
  expect(honoredFilter).toEqual({ resourceSubscriptions: uris.slice(0, 50) });
});

test("a key that opens streams faster than they end is refused another, of either kind", async () => {
  const project = newProject();
  await project.task();
  const caller = { project: project.name, key_id: "test-viewer", role: "viewer" as const };
  const streams = Array.from({ length: LIMITS.event_streams_per_key * 10 }, () => enter(caller));
  const listening = await fetchOf(project)(listenRequest(["baton://runs/r1"]));
  expect(await listening.json()).toMatchObject({
    id: 7,
    error: { code: -32603, message: expect.stringContaining("at most 20") },
  });
  const reading = await fetchOf(project)("http://localhost/v1/events", {
    headers: { authorization: "Bearer btn_test_viewer" },
  });
  expect(reading.status).toBe(429);
  for (const stream of streams) if (stream) leave(caller, stream);
});

test("what the SDK refuses costs one look and no subscription", async () => {
  const project = newProject();
  await project.task();
  project.upstash.stats.reset();
  const request = listenRequest(["baton://runs/r1"], { "mcp-method": "tools/call" });
  const response = await fetchOf(project)(request);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("-32020");
  expect(project.upstash.stats.snapshot().httpRequests).toBe(1);
});

/** The messages of a subscription, one at a time; undefined at its end. */
async function listenTo(project: Project, ...uris: string[]) {
  const { body } = await fetchOf(project)(listenRequest(uris));
  if (!body) throw new Error("no stream");
  const frames = readFrames(body);
  const waiting: string[] = [];
  return async (): Promise<Record<string, unknown> | undefined> => {
    while (waiting.length === 0) {
      const { done, value } = await frames.next();
      if (done) return undefined;
      waiting.push(...value.flatMap(({ data }) => data ?? []));
    }
    return z.record(z.string(), z.unknown()).parse(JSON.parse(waiting.shift() ?? ""));
  };
}
