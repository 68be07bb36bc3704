/** The scripts about schedules: of tasks they touch none, of runs they read one. */
import { script } from "./script.ts";
import clock from "./scripts/lib/clock.lua";
import flush from "./scripts/lib/flush.lua";
import madeBefore from "./scripts/lib/made-before.lua";
import pieces from "./scripts/lib/pieces.lua";
import schedules from "./scripts/lib/schedules.lua";
import unit from "./scripts/lib/unit.lua";
import advance from "./scripts/schedules/advance.lua";
import begin from "./scripts/schedules/begin.lua";
import make from "./scripts/schedules/make.lua";
import read from "./scripts/schedules/read.lua";
import remove from "./scripts/schedules/remove.lua";

const ABOUT = {
  keys: ["control", "line", "events", "edges", "dead", "idempotency", "schedules"],
  shards: true,
  chunks: [clock, pieces, unit, flush, schedules],
} as const;

export const SCHEDULE_SCRIPTS = {
  make: script({
    ...ABOUT,
    chunks: [...ABOUT.chunks, madeBefore],
    name: "schedule-make",
    callKeys: ["operation"],
    texts: ["workflow"],
    source: make,
  }),
  read: script({ ...ABOUT, name: "schedule-read", source: read }),
  begin: script({ ...ABOUT, name: "schedule-begin", source: begin }),
  advance: script({ ...ABOUT, name: "schedule-advance", source: advance }),
  remove: script({ ...ABOUT, name: "schedule-remove", callKeys: ["operation"], source: remove }),
};
