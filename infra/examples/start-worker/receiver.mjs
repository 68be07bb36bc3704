// Starts a worker elsewhere for each task that becomes ready: here a GitHub Actions workflow. Runs on Node.js 20 or newer
// with `npm install standardwebhooks`; webhooks.md in src/http/ of Baton tells how it is used.
//
//   WEBHOOK_SECRET=whsec_… GITHUB_TOKEN=… GITHUB_REPOSITORY=owner/name node receiver.mjs

import { createServer } from "node:http";
import process from "node:process";
import { Webhook } from "standardwebhooks";

const { WEBHOOK_SECRET = "", GITHUB_TOKEN = "", GITHUB_REPOSITORY = "" } = process.env;
const missing = Object.entries({ WEBHOOK_SECRET, GITHUB_TOKEN, GITHUB_REPOSITORY })
  .filter(([, value]) => value === "")
  .map(([name]) => name);
if (missing.length > 0) {
  console.error(`Set ${missing.join(" and ")} first: see the beginning of receiver.mjs.`);
  process.exit(1);
}
const { GITHUB_API_URL = "https://api.github.com", PORT = "8000" } = process.env;
const webhook = new Webhook(WEBHOOK_SECRET);

/** After each of these a task may be claimed. A worker that finds none stops. */
const STARTING = new Set(["task.ready", "task.resumed", "task.lease_lost"]);

/** An event may arrive more than once, under one `webhook-id`. */
const seen = new Set();
const REMEMBERED = 10_000;

createServer((request, response) => {
  receive(request).then(
    ({ status, said }) => {
      console.log(`${status} ${said}`);
      response.writeHead(status).end();
    },
    (error) => {
      // Baton tries again later, with longer and longer pauses.
      console.error(`502 ${request.headers["webhook-id"]} not dispatched: ${error.message}`);
      response.writeHead(502).end();
    },
  );
}).listen(Number(PORT), function () {
  console.log(`Listening on ${this.address().port}`);
});

/** The status to answer, and the line to log: ids, never a payload. */
async function receive(request) {
  const event = verified(await bodyOf(request), request.headers);
  if (!event) return { status: 401, said: "refused: another secret, altered, or too old" };
  const id = request.headers["webhook-id"];
  if (seen.has(id))
    return { status: 204, said: `${id} verified, already seen: nothing is started` };
  const done = STARTING.has(event.type) ? await startWorkflow(event.data) : "nothing to start";
  seen.add(id);
  if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
  return { status: 204, said: `${id} verified, ${event.type}: ${done}` };
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Undefined where it is not from Baton, was altered, or is older than five minutes. */
function verified(body, headers) {
  try {
    return webhook.verify(body, headers);
  } catch {
    return undefined;
  }
}

/** https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event */
async function startWorkflow({ task_id, agent_type }) {
  const response = await fetch(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/dispatches`, {
    method: "POST",
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${GITHUB_TOKEN}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({
      event_type: "baton-task-ready",
      client_payload: { task_id, agent_type },
    }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`GitHub answered ${response.status}`);
  return `dispatched for ${task_id}, GitHub answered ${response.status}`;
}
