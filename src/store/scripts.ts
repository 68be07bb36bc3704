/** The scripts, each with the keys it touches and the chunks it stands on. */
import again from "./scripts/lib/again.lua";
import agentsSource from "./scripts/agents.lua";
import auditSource from "./scripts/audit.lua";
import breakersSource from "./scripts/breakers.lua";
import cancelRunSource from "./scripts/cancel-run.lua";
import controlSource from "./scripts/control.lua";
import createSource from "./scripts/create.lua";
import deadSource from "./scripts/dead.lua";
import failuresSource from "./scripts/failures.lua";
import healthSource from "./scripts/health.lua";
import heartbeatSource from "./scripts/heartbeat.lua";
import activation from "./scripts/lib/activation.lua";
import auditChunk from "./scripts/lib/audit.lua";
import auditLocks from "./scripts/lib/audit-locks.lua";
import auditSchedules from "./scripts/lib/audit-schedules.lua";
import auditFamilies from "./scripts/lib/audit-families.lua";
import auditWebhooks from "./scripts/lib/audit-webhooks.lua";
import auditState from "./scripts/lib/audit-state.lua";
import cancel from "./scripts/lib/cancel.lua";
import children from "./scripts/lib/children.lua";
import claim from "./scripts/lib/claim.lua";
import clock from "./scripts/lib/clock.lua";
import create from "./scripts/lib/create.lua";
import breaker from "./scripts/lib/breaker.lua";
import control from "./scripts/lib/control.lua";
import cycles from "./scripts/lib/cycles.lua";
import delegation from "./scripts/lib/delegation.lua";
import edges from "./scripts/lib/edges.lua";
import failure from "./scripts/lib/failure.lua";
import heads from "./scripts/lib/heads.lua";
import lanes from "./scripts/lib/lanes.lua";
import lease from "./scripts/lib/lease.lua";
import locks from "./scripts/lib/locks.lua";
import madeBefore from "./scripts/lib/made-before.lua";
import moves from "./scripts/lib/moves.lua";
import notices from "./scripts/lib/notices.lua";
import parking from "./scripts/lib/parking.lua";
import pieces from "./scripts/lib/pieces.lua";
import polling from "./scripts/lib/polling.lua";
import presence from "./scripts/lib/presence.lua";
import questions from "./scripts/lib/questions.lua";
import review from "./scripts/lib/review.lua";
import runs from "./scripts/lib/runs.lua";
import schedulesChunk from "./scripts/lib/schedules.lua";
import serve from "./scripts/lib/serve.lua";
import service from "./scripts/lib/service.lua";
import stageChunk from "./scripts/lib/stage.lua";
import staging from "./scripts/lib/staging.lua";
import stateChunk from "./scripts/lib/state.lua";
import submit from "./scripts/lib/submit.lua";
import sweep from "./scripts/lib/sweep.lua";
import tidyChunk from "./scripts/lib/tidy.lua";
import waiters from "./scripts/lib/waiters.lua";
import flush from "./scripts/lib/flush.lua";
import unit from "./scripts/lib/unit.lua";
import launchSource from "./scripts/launch.lua";
import listSource from "./scripts/list.lua";
import noteFailureSource from "./scripts/note-failure.lua";
import pollSource from "./scripts/poll.lua";
import readSource from "./scripts/read.lua";
import retireSource from "./scripts/retire.lua";
import sentSource from "./scripts/sent.lua";
import stageSource from "./scripts/stage.lua";
import stateGetSource from "./scripts/state-get.lua";
import stateSetSource from "./scripts/state-set.lua";
import submitSource from "./scripts/submit.lua";
import tickSource from "./scripts/tick.lua";
import visitSource from "./scripts/visit.lua";
import waitSource from "./scripts/wait.lua";
import whySource from "./scripts/why.lua";
import { script } from "./script.ts";

/** Every script sweeps a little, and so touches what due items touch. */
const SWEPT = [
  "control",
  "line",
  "events",
  "edges",
  "state",
  "state_names",
  "dead",
  "locks",
  "parked",
  "waiting",
] as const;
const SWEEPING = [
  clock,
  pieces,
  unit,
  flush,
  breaker,
  waiters,
  runs,
  moves,
  locks,
  parking,
  questions,
  edges,
  failure,
  cancel,
  children,
  review,
  activation,
  sweep,
];

export const SCRIPTS = {
  create: script({
    name: "create",
    keys: [...SWEPT, "idempotency"],
    shards: true,
    callKeys: ["operation"],
    restKeys: "blobs",
    restTexts: "payloads",
    chunks: [...SWEEPING, lease, notices, lanes, cycles, delegation, madeBefore, create],
    source: createSource,
  }),
  stage: script({
    name: "stage",
    keys: [...SWEPT, "idempotency"],
    shards: true,
    callKeys: ["operation"],
    restKeys: "blobs",
    restTexts: "payloads",
    chunks: [
      ...SWEEPING,
      lease,
      lanes,
      cycles,
      delegation,
      staging,
      madeBefore,
      create,
      stageChunk,
    ],
    source: stageSource,
  }),
  launch: script({
    name: "launch",
    keys: [...SWEPT, "idempotency"],
    shards: true,
    callKeys: ["operation"],
    chunks: [...SWEEPING, staging],
    source: launchSource,
  }),
  poll: script({
    name: "poll",
    keys: SWEPT,
    shards: true,
    chunks: [...SWEEPING, lease, notices, heads, claim, serve, polling],
    source: pollSource,
  }),
  heartbeat: script({
    name: "heartbeat",
    keys: SWEPT,
    shards: true,
    chunks: [...SWEEPING, lease, notices],
    source: heartbeatSource,
  }),
  submit: script({
    name: "submit",
    keys: SWEPT,
    shards: true,
    callKeys: ["blob"],
    texts: ["result"],
    chunks: [...SWEEPING, lease, notices, heads, claim, serve, polling, submit],
    source: submitSource,
  }),
  read: script({ name: "read", keys: SWEPT, shards: true, chunks: SWEEPING, source: readSource }),
  list: script({ name: "list", keys: SWEPT, shards: true, chunks: SWEEPING, source: listSource }),
  wait: script({
    name: "wait",
    keys: SWEPT,
    shards: true,
    chunks: [...SWEEPING, service],
    source: waitSource,
  }),
  why: script({
    name: "why",
    keys: SWEPT,
    shards: true,
    chunks: [...SWEEPING, service],
    source: whySource,
  }),
  agents: script({
    name: "agents",
    keys: SWEPT,
    shards: true,
    chunks: SWEEPING,
    source: agentsSource,
  }),
  stateGet: script({
    name: "state-get",
    keys: SWEPT,
    shards: true,
    chunks: [...SWEEPING, lease, notices, stateChunk],
    source: stateGetSource,
  }),
  stateSet: script({
    name: "state-set",
    keys: SWEPT,
    shards: true,
    callKeys: ["operation"],
    texts: ["value"],
    chunks: [...SWEEPING, lease, notices, again, stateChunk],
    source: stateSetSource,
  }),
  control: script({
    name: "control",
    keys: SWEPT,
    shards: true,
    callKeys: ["operation", "blob"],
    texts: ["text"],
    chunks: [...SWEEPING, lease, again, control],
    source: controlSource,
  }),
  cancelRun: script({
    name: "cancel-run",
    keys: SWEPT,
    shards: true,
    callKeys: ["operation"],
    chunks: [...SWEEPING, again],
    source: cancelRunSource,
  }),
  breakers: script({
    name: "breakers",
    keys: SWEPT,
    shards: true,
    chunks: SWEEPING,
    source: breakersSource,
  }),
  dead: script({ name: "dead", keys: SWEPT, shards: true, chunks: SWEEPING, source: deadSource }),
  audit: script({
    name: "audit",
    keys: [...SWEPT, "idempotency", "schedules", "deliveries", "delivery_index", "outbox", "held"],
    shards: true,
    chunks: [
      ...SWEEPING,
      schedulesChunk,
      auditChunk,
      auditFamilies,
      auditLocks,
      auditState,
      auditSchedules,
      auditWebhooks,
    ],
    source: auditSource,
  }),
  tick: script({
    name: "tick",
    keys: SWEPT,
    shards: true,
    chunks: [...SWEEPING, presence],
    source: tickSource,
  }),
  sent: script({ name: "sent", keys: ["control"], chunks: [], source: sentSource }),
  health: script({
    name: "health",
    keys: ["control", "line"],
    chunks: [clock],
    source: healthSource,
  }),
  retire: script({
    name: "retire",
    keys: [...SWEPT, "idempotency"],
    shards: true,
    chunks: [...SWEEPING, staging, lanes, presence, tidyChunk],
    source: retireSource,
  }),
};

/** The scripts about all projects together. */
export const DEPLOYMENT_SCRIPTS = {
  visit: script({
    name: "visit",
    keys: [],
    callKeys: ["projects"],
    chunks: [clock],
    source: visitSource,
  }),
  noteFailure: script({
    name: "note-failure",
    keys: [],
    callKeys: ["failures", "counts"],
    texts: ["failure"],
    chunks: [clock],
    source: noteFailureSource,
  }),
  failures: script({
    name: "failures",
    keys: [],
    callKeys: ["failures", "counts"],
    chunks: [],
    source: failuresSource,
  }),
};
