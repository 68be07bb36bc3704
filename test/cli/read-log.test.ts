/** How `npx baton events` knows that it has printed all: by what the stream says, in however few pieces that arrives. */
import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { readLog } from "../../src/cli/events/log.ts";
import { frameOf } from "../../src/http/events/frames.ts";
import type { Followed } from "../../src/operations/follow-events.ts";

/** Answers each call with what it is told, in one piece, and leaves the stream open. Resolves with its address. */
async function streamsOf(...answers: readonly (readonly Followed[])[]): Promise<string> {
  let calls = 0;
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write((answers[calls++] ?? []).map(frameOf).join(""));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}`;
}

/** The ids of what is read, until it ends. */
async function idsFrom(url: string): Promise<(string | undefined)[]> {
  const { signal } = new AbortController();
  const ids: (string | undefined)[] = [];
  const say = (line: string): never => expect.fail(line);
  for await (const step of readLog({ url, key: "k" }, { query: {}, signal, say })) {
    if (step.kind === "events") ids.push(...step.events.map(({ id }) => id));
  }
  return ids;
}

const NEWEST: Followed = { kind: "start", at: "18-0" };
const BEGINNING: Followed = { kind: "start", at: "0-0" };
const ALL_TOLD: Followed = { kind: "quiet", at: "18-0" };

function happened(...ids: readonly string[]): Followed {
  const fact = { type: "task.ready" };
  return { kind: "events", events: ids.map((id) => ({ id, at: Number(id.split("-")[0]), fact })) };
}

test("it ends when all is told, though the stream goes on", async () => {
  const url = await streamsOf([NEWEST], [BEGINNING, happened("17-0-0", "17-0-1"), ALL_TOLD]);
  expect(await idsFrom(url)).toEqual(["17-0-0", "17-0-1"]);
});

test("it ends where nothing of all there is is wanted", async () => {
  expect(await idsFrom(await streamsOf([NEWEST], [BEGINNING, ALL_TOLD]))).toEqual([]);
});

test("it ends with the first event that was not there yet, and does not print it", async () => {
  const url = await streamsOf([NEWEST], [BEGINNING, happened("18-0-0", "19-0-0", "20-0-0")]);
  expect(await idsFrom(url)).toEqual(["18-0-0"]);
});
