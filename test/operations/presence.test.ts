/** When an agent comes and goes it is told, and that costs nobody's poll anything. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listAgents } from "../../src/operations/list-agents.ts";
import { tick } from "../../src/operations/tick.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const makeProject = useProjects();
const FIVE_MINUTES = 301;

async function told(project: Project): Promise<string[]> {
  const facts = factsOf(await project.dump());
  return facts
    .filter(({ type }) => String(type).startsWith("agent."))
    .map(({ type, agent_id, agent_type }) => [type, agent_id, agent_type].join(" "));
}

const watchdog = (project: Project) => tick(project.store, { resend: true });

test("an agent is online from its first poll on, and told of once", async () => {
  const project = makeProject();
  await project.poll("ada");
  await project.poll("ada");
  await project.task();
  await project.claim("ada");
  expect(await told(project)).toEqual(["agent.online ada implementation"]);
});

test("the watchdog notices who has gone, once, and its next poll brings it back", async () => {
  const project = makeProject();
  await project.poll("ada");
  await project.poll("bob");
  project.advance(FIVE_MINUTES - 2);
  await project.poll("bob");
  await watchdog(project);
  expect(await told(project)).toHaveLength(2);
  project.advance(2);
  // A tick does not look.
  await tick(project.store);
  expect(await told(project)).toHaveLength(2);
  await watchdog(project);
  await watchdog(project);
  expect((await told(project)).slice(2)).toEqual(["agent.offline ada implementation"]);
  const { agents } = await project.ok(listAgents, { status: "offline" });
  expect(agents.map(({ agent_id }) => agent_id)).toEqual(["ada"]);
  await project.poll("ada");
  expect((await told(project)).slice(3)).toEqual(["agent.online ada implementation"]);
  expect(await project.audit()).toEqual([]);
});

test("who holds a lease or waits has not gone, however long it is silent", async () => {
  const project = makeProject();
  await project.task();
  const { lease } = await project.claim("ada", { lease_seconds: 900 });
  await project.store.poll({
    agent: {
      agent_id: "bob",
      agent_type: "planning",
      key_id: "k",
      poll: "p",
      max_tasks: 1,
      wait_ms: 1_000_000,
      lease_seconds: 60,
    },
    checks: [],
  });
  project.advance(FIVE_MINUTES);
  await watchdog(project);
  expect(await told(project)).toHaveLength(2);
  project.advance(1_000);
  await watchdog(project);
  expect((await told(project)).slice(2).toSorted()).toEqual([
    "agent.offline ada implementation",
    "agent.offline bob planning",
  ]);
  // Its lease ran out, and it takes it again.
  await project.ok(heartbeat, { lease });
  expect((await told(project)).slice(4)).toEqual(["agent.online ada implementation"]);
});

test("many agents that have gone are noticed some pages at a time, each once", async () => {
  const project = makeProject();
  const count = LIMITS.presence_pages * LIMITS.list_cap + 300;
  const key = `baton:{${project.name}}:control`;
  const agents = Array.from({ length: count }, (_, number) => {
    const agent_id = `agent-${number}`;
    const seen = project.now();
    const record = { agent_id, agent_type: "planning", key_id: "k", first_seen: seen, seen };
    return [`agent:${agent_id}`, JSON.stringify(record)];
  });
  await project.redis.call(["HSET", key, ...agents.flat(), "agents", String(count)]);
  project.advance(FIVE_MINUTES);
  await watchdog(project);
  const first = await told(project);
  expect(first.length).toBeGreaterThan(LIMITS.list_cap);
  expect(first.length).toBeLessThan(count);
  for (let visit = 0; visit < 3; visit++) await watchdog(project);
  const all = await told(project);
  expect(all).toHaveLength(count);
  expect(new Set(all).size).toBe(count);
});
