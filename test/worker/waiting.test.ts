/** Polls that wait: heard at once, woken by work, and leaving nothing behind when the client goes. */
import { beforeEach, describe, expect, test } from "vitest";
import { type Era, ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import { type Api, apiOf, restCall } from "../support/worker-api.ts";
import { eventually } from "../support/eventually.ts";

const stack = useStack();
let api: Api;
beforeEach(async () => {
  api = apiOf(stack());
  // A stream of the test before may end some time after its wait, and must not be taken for one of this test.
  await listening(0);
});

/** Until so many waits listen at the front. */
async function listening(count: number): Promise<void> {
  await eventually(() => expect(stack().upstash.streams.count()).toBe(count));
}

function settled(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => "answered",
    () => "rejected",
  );
}

/** A client whose answers to polls are watched as they come in. */
async function watchingClient(era: Era) {
  const frames: string[] = [];
  const headers = Promise.withResolvers<void>();
  const client = await openMcpClient({
    era,
    url: stack().mcpUrl,
    key: stack().keys.worker,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (typeof init?.body !== "string" || !init.body.includes("poll_tasks")) return response;
      headers.resolve();
      const [seen, passed] = response.body?.tee() ?? [];
      void seen
        ?.pipeThrough(new TextDecoderStream())
        .pipeTo(new WritableStream({ write: (frame) => void frames.push(frame) }))
        .catch(() => undefined);
      return new Response(passed ?? null, response);
    },
  });
  return { ...client, headers: headers.promise, frames };
}

describe.each(ERAS)("an MCP client of %s", (era) => {
  test("hears from the server before there is any work, and is woken when there is", async () => {
    const client = await watchingClient(era);
    const agent_type = `woken-${era}`;
    const answer = client.call("poll_tasks", {
      agent_id: agent_type,
      agent_type,
      wait_seconds: 40,
    });

    await client.headers;
    await listening(1);
    await eventually(() => expect(client.frames[0]).toMatch(/^: heard\n\n/));
    const task_id = await api.task(agent_type);

    const { content } = await answer;
    expect(content["tasks"]).toEqual([
      expect.objectContaining({ lease: expect.stringContaining(`${task_id}.1.`) }),
    ]);
    await listening(0);
  });

  test("that goes leaves no stream open, and the task that comes later is another's", async () => {
    const client = await watchingClient(era);
    const leaving = new AbortController();
    const agent_type = `gone-${era}`;
    const answer = client.call(
      "poll_tasks",
      { agent_id: `leaver-${era}`, agent_type, wait_seconds: 40 },
      { signal: leaving.signal },
    );
    const outcome = settled(answer);
    await listening(1);

    await client.client.close();
    leaving.abort();
    expect(await outcome).toBe("rejected");
    await listening(0);

    const task_id = await api.task(agent_type);
    const { lease } = await api.claim(`stayer-${era}`, { agent_type });
    expect(lease).toContain(`${task_id}.1.`);
  });
});

describe.each(ERAS)("an orchestrator over MCP of %s", (era) => {
  test("waits for a run: told at once what needs it, and soon after the end what ended", async () => {
    const agent_type = `waited-${era}`;
    const orchestrator = await openMcpClient({
      era,
      url: stack().mcpUrl,
      key: stack().keys.orchestrator,
    });
    const wait = async (args: object) => (await orchestrator.call("wait_for_tasks", args)).content;
    const task_id = await api.task(agent_type);
    const run_id = task_id.replace(/t\d+$/, "");

    const first = await wait({ run_id });
    expect(first).toMatchObject({
      run_id,
      status: "active",
      needs_you: [{ task_id, why: "no_agent", text: expect.stringContaining(agent_type) }],
    });

    const { lease } = await api.claim(`worker-${era}`, { agent_type });
    const ending = wait({ run_id, cursor: first["cursor"] });
    await api.ok("submit_result", { lease, status: "completed", result: 1 });
    expect(await ending).toMatchObject({
      status: "completed",
      completed: 1,
      ended: [{ task_id, status: "completed" }],
    });
  });
});

test("orchestrators that hang up while they wait for a run leave no stream open", async () => {
  const { mcpUrl: url, keys } = stack();
  const run_id = (await api.task("unwatched")).replace(/t\d+$/, "");
  const hungUp = new AbortController();
  for (const era of ERAS) {
    const { call } = await openMcpClient({
      era,
      url,
      key: keys.orchestrator,
      fetch: (input, init) => fetch(input, { ...init, signal: hungUp.signal }),
    });
    // What needs its caller is told at once; only after that is there something to wait for.
    const { content } = await call("wait_for_tasks", { run_id });
    void settled(call("wait_for_tasks", { run_id, cursor: content["cursor"] }));
  }
  await listening(2);
  hungUp.abort();
  await listening(0);
  expect(await api.ok("get_task_status", { run_id })).toMatchObject({ status: "active" });
});

test("a worker's key may not wait for tasks", async () => {
  const { status } = await fetch(
    `${stack().baseUrl}/v1/tools/wait_for_tasks`,
    restCall("worker", { run_id: "r1" }),
  );
  expect(status).toBe(403);
});

test("clients are kept company during a longer wait, with progress that grows, since they asked for it", async () => {
  const waits = ERAS.map(async (era) => {
    const client = await watchingClient(era);
    const reports: number[] = [];
    const agent_type = `patient-${era}`;
    const answer = client.call(
      "poll_tasks",
      { agent_id: agent_type, agent_type, wait_seconds: 40 },
      { onprogress: ({ progress }) => reports.push(progress) },
    );
    await expect.poll(() => reports).not.toEqual([]);
    await expect.poll(() => client.frames.some((frame) => frame.startsWith(":"))).toBe(true);
    const task_id = await api.task(agent_type);
    expect((await answer).text).toContain(`${task_id}.1.`);
    expect(reports).toEqual(reports.toSorted((a, b) => a - b));
  });
  await Promise.all(waits);
});

test("a program that hangs up over REST leaves no stream open, and its task is another's", async () => {
  const leaving = new AbortController();
  const args = { agent_id: "leaver", agent_type: "rest-gone", wait_seconds: 40 };
  const answer = fetch(`${stack().baseUrl}/v1/tools/poll_tasks`, {
    ...restCall("worker", args),
    signal: leaving.signal,
  });
  const outcome = settled(answer);
  await listening(1);

  leaving.abort();
  expect(await outcome).toBe("rejected");
  await listening(0);

  const task_id = await api.task("rest-gone");
  const { lease } = await api.claim("stayer", { agent_type: "rest-gone" });
  expect(lease).toContain(`${task_id}.1.`);
});

test("of three that wait for one task, one gets it, and the others get the next two", async () => {
  const waiting = [1, 2, 3].map((n) =>
    api.claim(`rival-${n}`, { agent_type: "rivals", wait_seconds: 40 }),
  );
  await listening(3);

  for (let n = 0; n < 3; n++) await api.task("rivals");

  const leases = (await Promise.all(waiting)).map(({ lease }) => lease);
  expect(new Set(leases).size).toBe(3);
});

test("of two waits of one agent the newer ends the older, and alone gets the task", async () => {
  const wait = { agent_type: "impatient", wait_seconds: 40 };
  const older = api.poll("impatient", wait);
  await listening(1);
  const newer = api.claim("impatient", wait);
  expect(await older).toEqual([]);
  const id = await api.task("impatient");
  expect((await newer).lease).toMatch(`${id}.1.`);
});

test("an agent that waits is woken when a dependency was met", async () => {
  const first = await api.task("upstream");
  await api.task("downstream", { dependencies: [first] });
  const waiting = api.claim("follower", { agent_type: "downstream", wait_seconds: 40 });
  await listening(1);

  const { lease } = await api.claim("leader", { agent_type: "upstream" });
  await api.ok("submit_result", { lease, status: "completed", result: { answer: 42 } });

  expect((await waiting).inputs).toEqual({ [first]: { answer: 42 } });
});

test("a wait whose stream the database ends is woken all the same", async () => {
  const waiting = api.claim("unplugged", { agent_type: "unplugged", wait_seconds: 40 });
  await listening(1);
  stack().upstash.streams.close();

  const task_id = await api.task("unplugged");

  expect((await waiting).lease).toContain(`${task_id}.1.`);
});
