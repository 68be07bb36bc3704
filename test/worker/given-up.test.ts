/** Clients that give up on a wait and keep its stream open, or go unnoticed: what is leased to nobody finds its way. */
import { beforeEach, describe, expect, test } from "vitest";
import { type Era, ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import { waitingAgent } from "../support/waiting-agent.ts";
import { type Api, apiOf } from "../support/worker-api.ts";
import { eventually } from "../support/eventually.ts";

const stack = useStack();
let api: Api;
beforeEach(() => {
  api = apiOf(stack(), "worker");
});

/** So that two eras in one project do not meet. */
const orchestrator = () => apiOf(stack());

/** A client whose connection outlives its patience: to abort a request does not close its stream, only hanging up does. */
async function stubbornClient(era: Era) {
  const { mcpUrl: url, keys } = stack();
  const hungUp = new AbortController();
  const { call } = await openMcpClient({
    era,
    url,
    key: keys.worker,
    fetch: (input, init) => fetch(input, { ...init, signal: hungUp.signal }),
  });
  return {
    hangUp: () => hungUp.abort(),
    /** Waits for work, and gives up soon; resolves when it has, and the server waits on. */
    giveUp: async (agent_id: string, more: object = {}) => {
      const args = { agent_id, agent_type: agent_id, wait_seconds: 40, ...more };
      await expect(call("poll_tasks", args, { timeout: 300 })).rejects.toThrow(/timed out/i);
      await waitingAgent(stack(), agent_id);
    },
  };
}

/** Until it was leased; a short lease may be over by then. */
async function leased(task_id: string): Promise<void> {
  await eventually(async () =>
    expect(await api.ok("get_task_status", { task_id })).toMatchObject({ attempt: 1 }),
  );
}

describe.each(ERAS)("a client of %s that gave up and kept its stream open", (era) => {
  test("has what came meanwhile given again by its next poll", async () => {
    const { giveUp } = await stubbornClient(era);
    const agent = `again-${era}`;
    await giveUp(agent);
    const task_id = await orchestrator().task(agent);
    await leased(task_id);
    expect(await api.claim(agent)).toMatchObject({
      lease: expect.stringContaining(`${task_id}.1.`),
      held: true,
    });
  });

  test("loses what came meanwhile after its lease, to whoever polls then", async () => {
    const { giveUp } = await stubbornClient(era);
    const agent = `lost-${era}`;
    await giveUp(agent, { lease_seconds: 1 });
    const task_id = await orchestrator().task(agent);
    await leased(task_id);
    const next = await api.claim(`${agent}-2`, { agent_type: agent, wait_seconds: 20 });
    expect(next.lease).toContain(`${task_id}.2.`);
  });

  test("is served by its next wait alone, which ends the old one", async () => {
    const { giveUp } = await stubbornClient(era);
    const agent = `anew-${era}`;
    await giveUp(agent);
    const { stats } = stack().upstash;
    stats.reset();
    const anew = api.claim(agent, { wait_seconds: 40 });
    // Its first look, its subscription, its second look.
    await eventually(() => expect(stats.snapshot().httpRequests).toBeGreaterThan(2));
    const task_id = await orchestrator().task(agent);
    const claimed = await anew;
    expect(claimed.lease).toContain(`${task_id}.1.`);
    expect(claimed).not.toHaveProperty("held");
  });

  test("or that hung up and was not missed yet, gets what came meanwhile with its next poll", async () => {
    const { hangUp, giveUp } = await stubbornClient(era);
    const agent = `missed-${era}`;
    await giveUp(agent);
    hangUp();
    const task_id = await orchestrator().task(agent);
    expect((await api.claim(agent, { wait_seconds: 20 })).lease).toContain(`${task_id}.1.`);
  });
});
