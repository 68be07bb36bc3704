/**
 * An agent in a process of its own, as a real MCP client. Writes a line when it is connected, starts to poll when it is
 * sent one, and then writes each lease that it gets. Its one argument: {@link AgentSetup} as JSON.
 */
import { once } from "node:events";
import { z } from "zod";
import { handedOut } from "../../src/operations/hand-out.ts";
import { connectMcpClient, ERAS } from "../support/mcp-clients.ts";

const agentSetup = z.strictObject({
  era: z.enum(ERAS),
  url: z.string(),
  key: z.string(),
  agent_id: z.string(),
  agent_type: z.string(),
  /** Submits what it gets and asks for more, until there is none; else holds on to its first task for ever. */
  submits: z.boolean(),
  lease_seconds: z.int().optional(),
});

export type AgentSetup = z.infer<typeof agentSetup>;

const { submits, era, url, key, ...poll } = agentSetup.parse(JSON.parse(process.argv[2] ?? ""));
const { client, call } = await connectMcpClient({ era, url, key });
console.log("connected");
await once(process.stdin, "data");

const { content } = await call("poll_tasks", { ...poll, wait_seconds: 0 });
let [task] = z.looseObject({ tasks: z.array(handedOut).default([]) }).parse(content).tasks;
while (task) {
  console.log(task.lease);
  // The open input keeps this process alive.
  if (!submits) break;
  const { lease } = task;
  const submitted = await call("submit_result", { lease, status: "completed", poll_next: true });
  [task] = z.looseObject({ next: z.array(handedOut).default([]) }).parse(submitted.content).next;
}
if (submits) {
  await client.close();
  process.stdin.destroy();
}
