/** Webhooks of the built Worker: through the real event log, the local QStash and a real receiver. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { freePort } from "../../infra/local/redis/free-port.ts";
import { startEndpoint } from "../local/qstash/endpoint.ts";
import { useStack } from "../support/stack.ts";
import { apiOf, headersOf, type KeyRole } from "../support/worker-api.ts";
import { eventually } from "../support/eventually.ts";

const RECEIVER = fileURLToPath(
  import.meta.resolve("../../infra/examples/start-worker/receiver.mjs"),
);

const lines: string[] = [];
const stack = useStack({ onLine: (line) => void lines.push(line) });

async function rest(method: string, path: string, body?: object, role: KeyRole = "admin") {
  const response = await fetch(`${stack().baseUrl}${path}`, {
    method,
    headers: headersOf(role),
    ...(body && { body: JSON.stringify(body) }),
  });
  const said = z.record(z.string(), z.unknown()).parse(await response.json());
  return { status: response.status, body: said };
}

test("a change arrives at a registered endpoint, signed, without anybody polling for it", async () => {
  const receiver = await startEndpoint();
  onTestFinished(() => receiver.stop());
  const made = await rest("POST", "/v1/webhooks", {
    url: `${receiver.url}/hook`,
    types: ["task.ready", "task.completed"],
    agent_types: ["hooked"],
  });
  expect(made.status).toBe(200);
  const api = apiOf(stack());
  const task_id = await api.task("hooked");
  await receiver.arrived(1);
  const { lease } = await api.claim("worker", { agent_type: "hooked" });
  await api.ok("submit_result", {
    lease,
    status: "completed",
    result: { secret: "not in events" },
  });
  await receiver.arrived(2);
  const secret = String(made.body["secret"]);
  const seen = receiver.deliveries.map(({ headers, body }) => {
    const signed = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    return new Webhook(secret).verify(body, Object.fromEntries(signed));
  });
  expect(seen).toEqual([
    expect.objectContaining({ type: "task.ready", data: { task_id, agent_type: "hooked" } }),
    expect.objectContaining({ type: "task.completed" }),
  ]);
  expect(JSON.stringify(seen)).not.toContain("not in events");
  await eventually(async () => {
    const { body } = await rest(
      "GET",
      `/v1/deliveries?endpoint_id=${String(made.body["endpoint_id"])}`,
    );
    expect(body["deliveries"]).toEqual([
      expect.objectContaining({ status: "delivered" }),
      expect.objectContaining({ status: "delivered" }),
    ]);
  });
  expect(lines.join("\n")).not.toContain("whsec_");
});

test("the addresses of webhooks do what they say, for admins alone", async () => {
  const receiver = await startEndpoint();
  onTestFinished(() => receiver.stop());
  expect((await rest("GET", "/v1/webhooks", undefined, "orchestrator")).body["reason"]).toBe(
    "role",
  );
  const made = await rest("POST", "/v1/webhooks", { url: receiver.url, types: ["run.failed"] });
  const path = `/v1/webhooks/${String(made.body["endpoint_id"])}`;
  const changed = await rest("PATCH", path, { description: "renamed" });
  expect(changed.body).toMatchObject({ description: "renamed", types: ["run.failed"] });
  expect((await rest("POST", `${path}/rotate`, {})).body["secret"]).toMatch(/^whsec_/);
  expect((await rest("POST", `${path}/test`, {})).status).toBe(200);
  await receiver.arrived(1);
  expect((await rest("POST", "/v1/webhooks", { url: "https://169.254.169.254/" })).status).toBe(
    400,
  );
  expect(
    (await rest("POST", "/v1/webhooks", { url: receiver.url, types: ["task.done"] })).status,
  ).toBe(400);
  expect((await rest("DELETE", path)).body).toMatchObject({ deleted: true });
  expect((await rest("DELETE", path)).status).toBe(404);
  expect((await rest("PUT", "/v1/webhooks", {})).status).toBe(405);
});

test("the example starts a workflow elsewhere for a task that becomes ready, and takes nothing that is forged", async () => {
  const github = await startEndpoint();
  onTestFinished(() => github.stop());
  github.answer({ status: 204 });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/baton`;
  const made = await rest("POST", "/v1/webhooks", {
    url,
    types: ["task.ready", "task.resumed", "task.lease_lost"],
    agent_types: ["remote"],
  });
  const endpoint_id = String(made.body["endpoint_id"]);
  const receiver = spawn(process.execPath, [RECEIVER], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      PORT: String(port),
      WEBHOOK_SECRET: String(made.body["secret"]),
      GITHUB_REPOSITORY: "team/product",
      GITHUB_TOKEN: "github-token",
      GITHUB_API_URL: github.url,
    },
  });
  onTestFinished(() => void receiver.kill());
  const logged = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]();
  expect((await logged.next()).value).toMatch("Listening on");
  const forged = await fetch(url, { method: "POST", body: '{"type":"task.ready"}' });
  expect(forged.status).toBe(401);
  expect((await logged.next()).value).toMatch(/^401 refused: /);
  const task_id = await apiOf(stack()).task("remote");
  await github.arrived(1);
  const [dispatch] = github.deliveries;
  expect(dispatch).toMatchObject({ method: "POST", path: "/repos/team/product/dispatches" });
  expect(dispatch?.headers.authorization).toBe("Bearer github-token");
  expect(JSON.parse(dispatch?.body ?? "")).toEqual({
    event_type: "baton-task-ready",
    client_payload: { task_id, agent_type: "remote" },
  });
  const dispatched = String((await logged.next()).value);
  expect(dispatched).toMatch(
    `verified, task.ready: dispatched for ${task_id}, GitHub answered 204`,
  );
  const delivery_id = dispatched.split(" ")[1];
  // Once it is noted as delivered it can be sent again; before, the same attempt would be planned anew.
  await eventually(async () => {
    const { body } = await rest("GET", `/v1/deliveries?endpoint_id=${endpoint_id}`);
    expect(body["deliveries"]).toEqual([
      expect.objectContaining({ delivery_id, status: "delivered" }),
    ]);
  });
  await rest("POST", "/v1/deliveries/replay", { delivery_id });
  expect((await logged.next()).value).toBe(
    `204 ${delivery_id} verified, already seen: nothing is started`,
  );
  expect(github.deliveries).toHaveLength(1);
  const api = apiOf(stack());
  const { lease } = await api.claim("remote-1", { agent_type: "remote" });
  await api.ok("submit_result", { lease, status: "needs_input", question: "Which?" });
  await api.ok("control_task", { action: "answer", task_ids: [task_id], text: "This." });
  expect((await logged.next()).value).toMatch(`verified, task.resumed: dispatched for ${task_id}`);
  expect(github.deliveries).toHaveLength(2);
});

test("the example says at its start what it was not given", async () => {
  const receiver = spawn(process.execPath, [RECEIVER], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, WEBHOOK_SECRET: "whsec_x", GITHUB_TOKEN: "", GITHUB_REPOSITORY: "" },
  });
  const said = text(receiver.stderr);
  expect(await once(receiver, "exit")).toEqual([1, null]);
  expect(await said).toBe(
    "Set GITHUB_TOKEN and GITHUB_REPOSITORY first: see the beginning of receiver.mjs.\n",
  );
});
