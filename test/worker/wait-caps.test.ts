/** Waits beyond what a client can be trusted to sit out are shortened, not refused: on both eras, and over REST. */
import { beforeEach, describe, expect, test } from "vitest";
import { ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import { waitingAgent } from "../support/waiting-agent.ts";
import { type Api, apiOf, restCall } from "../support/worker-api.ts";

const stack = useStack();
let api: Api;
beforeEach(() => {
  api = apiOf(stack());
});

const DAY_SECONDS = 86_400;

/** Without a word of its configuration; then with one. */
const CASES = [
  { progress: false, says: undefined, seconds: 45 },
  { progress: true, says: undefined, seconds: 240 },
  { progress: false, says: "900", seconds: 900 },
  { progress: true, says: "100000", seconds: 900 },
  { progress: true, says: "20", seconds: 20 },
  { progress: false, says: "for ever", seconds: 45 },
];

describe.each(ERAS)("for a client of %s", (era) => {
  test.each(CASES)(
    "that asks for progress: $progress, and says that it can wait: $says, a wait of a day lasts $seconds s",
    async ({ progress, says, seconds }) => {
      const name = `capped-${era}-${progress}-${says?.replace(" ", "-")}`;
      const { call } = await openMcpClient({
        era,
        url: stack().mcpUrl,
        key: stack().keys.worker,
        ...(says !== undefined && { headers: { "Baton-Max-Wait": says } }),
      });
      const answer = call(
        "poll_tasks",
        { agent_id: name, agent_type: name, wait_seconds: DAY_SECONDS },
        progress ? { onprogress: () => undefined } : {},
      );
      const lasts = await waitingAgent(stack(), name);
      const task_id = await api.task(name);
      expect((await answer).text).toContain(`${task_id}.1.`);
      expect(lasts).toBeLessThanOrEqual(seconds);
      expect(lasts).toBeGreaterThan(seconds / 2);
    },
  );
});

test.each([
  { headers: {}, seconds: 45 },
  { headers: { "baton-max-wait": "600" }, seconds: 600 },
])("over REST with the headers $headers a wait of a day lasts $seconds s", async (one) => {
  const { headers, seconds } = one;
  const name = `rest-${seconds}`;
  const args = { agent_id: name, agent_type: name, wait_seconds: DAY_SECONDS };
  const request = restCall("worker", args);
  const answer = fetch(`${stack().baseUrl}/v1/tools/poll_tasks`, {
    ...request,
    headers: { ...Object.fromEntries(new Headers(request.headers)), ...headers },
  });
  const lasts = await waitingAgent(stack(), name);
  await api.task(name);
  expect((await answer).status).toBe(200);
  expect(lasts).toBeLessThanOrEqual(seconds);
  expect(lasts).toBeGreaterThan(seconds / 2);
});
