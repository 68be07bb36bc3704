/** The scripts, each with the keys it touches and the chunks it stands on. */
import agentsSource from "./scripts/agents.lua";
import createSource from "./scripts/create.lua";
import heartbeatSource from "./scripts/heartbeat.lua";
import claim from "./scripts/lib/claim.lua";
import create from "./scripts/lib/create.lua";
import edges from "./scripts/lib/edges.lua";
import lanes from "./scripts/lib/lanes.lua";
import lease from "./scripts/lib/lease.lua";
import moves from "./scripts/lib/moves.lua";
import polling from "./scripts/lib/polling.lua";
import stateChunk from "./scripts/lib/state.lua";
import submit from "./scripts/lib/submit.lua";
import sweep from "./scripts/lib/sweep.lua";
import unit from "./scripts/lib/unit.lua";
import listSource from "./scripts/list.lua";
import pollSource from "./scripts/poll.lua";
import readSource from "./scripts/read.lua";
import stateGetSource from "./scripts/state-get.lua";
import stateSetSource from "./scripts/state-set.lua";
import submitSource from "./scripts/submit.lua";
import { script } from "./script.ts";

/** Every script sweeps a little, and so touches what due items touch. */
const SWEPT = ["control", "line", "events", "edges", "state", "state_names"] as const;
const SWEEPING = [unit, moves, edges, sweep];

export const SCRIPTS = {
  create: script({
    name: "create",
    keys: [...SWEPT, "idempotency"],
    shards: true,
    callKeys: ["operation"],
    restKeys: "blobs",
    restTexts: "payloads",
    chunks: [...SWEEPING, lanes, create],
    source: createSource,
  }),
  poll: script({
    name: "poll",
    keys: SWEPT,
    shards: true,
    chunks: [...SWEEPING, lease, claim, polling],
    source: pollSource,
  }),
  heartbeat: script({
    name: "heartbeat",
    keys: SWEPT,
    shards: true,
    chunks: [...SWEEPING, lease],
    source: heartbeatSource,
  }),
  submit: script({
    name: "submit",
    keys: SWEPT,
    shards: true,
    callKeys: ["blob"],
    texts: ["result"],
    chunks: [...SWEEPING, lease, claim, polling, submit],
    source: submitSource,
  }),
  read: script({ name: "read", keys: SWEPT, shards: true, chunks: SWEEPING, source: readSource }),
  list: script({ name: "list", keys: SWEPT, shards: true, chunks: SWEEPING, source: listSource }),
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
    chunks: [...SWEEPING, lease, stateChunk],
    source: stateGetSource,
  }),
  stateSet: script({
    name: "state-set",
    keys: SWEPT,
    shards: true,
    callKeys: ["operation"],
    texts: ["value"],
    chunks: [...SWEEPING, lease, stateChunk],
    source: stateSetSource,
  }),
};
