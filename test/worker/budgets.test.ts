/** What a task costs: round trips, billed commands, tokens, bytes. Counted, never timed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { beforeEach, describe, expect, test } from "vitest";
import { buildWorker } from "../../infra/local/build.ts";
import { eventually } from "../support/eventually.ts";
import { ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import { apiOf, type KeyRole } from "../support/worker-api.ts";

const stack = useStack();
beforeEach(async () => {
  // The first use of a script on a database takes a second round trip, which sends its text.
  const { task, claim, ok } = apiOf(stack());
  await task("warm-up");
  const { lease } = await claim("warm-up", { agent_type: "warm-up" });
  await ok("heartbeat", { lease });
  await ok("submit_result", { lease, status: "completed" });
  // That QStash has the tick which the claim armed is noted behind the reply, with a request of its own.
  await eventually(async () =>
    expect(await (await fetch(`${stack().baseUrl}/readyz`)).json()).toMatchObject({
      health: { tick_unsent: false },
    }),
  );
});

/** Requests and billed commands that arrived at the front during the call. */
async function cost<T>(call: () => Promise<T>) {
  stack().upstash.stats.reset();
  const result = await call();
  const { httpRequests, billed } = stack().upstash.stats.snapshot();
  return { result, httpRequests, billed };
}

const connect = (role: KeyRole, era: (typeof ERAS)[number] = "2026-07-28") =>
  openMcpClient({ era, url: stack().mcpUrl, key: stack().keys[role] });

describe.each(ERAS)("for a client of %s", (era) => {
  test("create, poll, heartbeat and submit take one round trip each, and 22 billed commands at most", async () => {
    const orchestrator = await connect("orchestrator", era);
    const worker = await connect("worker", era);
    const agent_type = `counted-${era}`;
    // An agent's first poll also registers its type.
    await worker.call("poll_tasks", { agent_id: agent_type, agent_type, wait_seconds: 0 });

    const created = await cost(() =>
      orchestrator.call("create_task", {
        agent_type,
        task_description: "Count",
        context: { n: 1 },
      }),
    );
    const polled = await cost(() =>
      worker.call("poll_tasks", { agent_id: agent_type, wait_seconds: 0 }),
    );
    const [task] = polled.result.content["tasks"] as [{ lease: string }];
    const beaten = await cost(() => worker.call("heartbeat", { lease: task.lease, progress: 10 }));
    const submitted = await cost(() =>
      worker.call("submit_result", { lease: task.lease, status: "completed", result: { n: 2 } }),
    );

    const calls = { created, polled, beaten, submitted };
    const trips = Object.values(calls).map(({ httpRequests }) => httpRequests);
    const billed = created.billed + polled.billed + submitted.billed;
    console.log(
      `${era}: billed commands`,
      Object.fromEntries(Object.entries(calls).map(([name, { billed }]) => [name, billed])),
      `life cycle ${billed}`,
    );
    expect(trips).toEqual([1, 1, 1, 1]);
    expect(billed).toBeLessThanOrEqual(22);
  });
});

test("a task takes two round trips where each submit also claims the next", async () => {
  const { ok, task, claim } = apiOf(stack());
  await task("chained");
  const { lease } = await claim("chained-1", { agent_type: "chained" });

  const { result, httpRequests } = await cost(async () => {
    await task("chained");
    return ok("submit_result", { lease, status: "completed", poll_next: true });
  });

  expect(result["next"]).toHaveLength(1);
  expect(httpRequests).toBe(2);
});

describe("tokens", () => {
  const schemaTokens = async (role: KeyRole) => {
    const { tools } = await connect(role);
    return tools
      .map(({ name, description, inputSchema }) =>
        JSON.stringify({ name, description, inputSchema }),
      )
      .reduce((sum, text) => sum + countTokens(text), 0);
  };

  test("of the tool lists stay within 2,000, of a worker's, which may delegate, within 1,400", async () => {
    const all = await schemaTokens("orchestrator");
    const worker = await schemaTokens("worker");
    console.log("tokens of tools/list:", { all, worker });
    expect(all).toBeLessThanOrEqual(2_000);
    expect(worker).toBeLessThanOrEqual(1_400);
  });

  test("of a job of ten tasks with a chain of three stay within 2,000 in 14 calls", async () => {
    const client = await connect("orchestrator");
    const spent = { calls: 0, tokens: 0 };
    const call = async (name: string, args: object) => {
      const { content, text, isError } = await client.call(name, args);
      expect({ isError, text }).toMatchObject({ isError: false });
      spent.calls++;
      spent.tokens += countTokens(name) + countTokens(JSON.stringify(args)) + countTokens(text);
      return content;
    };
    const tasks = Array.from({ length: 10 }, (_, n) => ({
      key: `t${n + 1}`,
      task_description: `Write module ${n + 1}`,
      ...((n === 1 || n === 2) && { dependencies: [`t${n}`] }),
    }));

    const { run_id } = await call("create_workflow", { name: "Job", agent_type: "impl", tasks });
    let { tasks: next } = await call("poll_tasks", { agent_id: "a1", agent_type: "impl" });
    for (let done = 1; done <= 10; done++) {
      const [{ lease }] = next as [{ lease: string }];
      const result = { summary: "done" };
      ({ next } = await call("submit_result", {
        lease,
        status: "completed",
        result,
        ...(done < 10 && { poll_next: true }),
      }));
    }
    expect(await call("get_task_status", { run_id })).toMatchObject({ status: "completed" });

    console.log("job of ten tasks:", spent);
    expect(spent.calls).toBeLessThanOrEqual(14);
    expect(spent.tokens).toBeLessThanOrEqual(2_000);
  });
});

test("the bundle has at most 250 KB, gzip", async () => {
  const { dir, modules } = await buildWorker();
  const size = (name: string) => gzipSync(readFileSync(join(dir, name))).byteLength;
  const kilobytes = modules.map(size).reduce((sum, bytes) => sum + bytes) / 1024;
  console.log(`bundle: ${kilobytes.toFixed(1)} KB gzip in ${modules.length} modules`);
  expect(kilobytes).toBeLessThanOrEqual(250);
});
