/** Everything of a project that an audit reads, decoded strictly. */
import { type AgentRecord, agentRecord } from "../../../src/domain/agent.ts";
import {
  type RunRecord,
  runRecord,
  type TaskRecord,
  taskRecord,
} from "../../../src/domain/task.ts";
import { type StagingRecord, stagingRecord } from "../../../src/domain/staging.ts";
import { SHARDS } from "../../../src/store/keys.ts";
import type { Dump } from "../dump.ts";

export interface Books {
  readonly dump: Dump;
  readonly tasks: ReadonlyMap<string, TaskRecord>;
  readonly runs: ReadonlyMap<string, RunRecord>;
  /** Workflows that are being staged, and their tasks: nobody sees them yet. */
  readonly stagings: ReadonlyMap<string, StagingRecord>;
  readonly hidden: ReadonlyMap<string, TaskRecord>;
  readonly agents: ReadonlyMap<string, AgentRecord>;
  /** Texts beside the records, by their full names (`r1t2:result`). */
  readonly texts: ReadonlyMap<string, string>;
  /** Members of the line with their places. */
  readonly line: ReadonlyMap<string, number>;
  /** Edges, `<upstream>|<downstream>`. */
  readonly edges: ReadonlySet<string>;
  readonly fault: (what: string) => void;
}

export function readBooks(dump: Dump, fault: Books["fault"]): Books {
  return {
    dump,
    fault,
    ...readRecords(dump, fault),
    agents: readAgents(dump),
    line: new Map(dump.sets["line"] ?? []),
    edges: new Set((dump.sets["edges"] ?? []).map(([member]) => member)),
  };
}

type Records = Pick<Books, "tasks" | "runs" | "texts" | "stagings" | "hidden">;

function readRecords(dump: Dump, fault: Books["fault"]): Records {
  const tasks = new Map<string, TaskRecord>();
  const runs = new Map<string, RunRecord>();
  const texts = new Map<string, string>();
  const stagings = new Map<string, StagingRecord>();
  const hidden = new Map<string, TaskRecord>();
  for (let shard = 0; shard < SHARDS; shard++) {
    for (const [name, text] of Object.entries(dump.hashes[`shard:${shard}`] ?? {})) {
      const run = /^r(\d+)/.exec(name)?.[1];
      if (Number(run) % SHARDS !== shard) fault(`${name} lies in shard ${shard}`);
      if (name.endsWith(":staging")) {
        const staging = stagingRecord.parse(JSON.parse(text));
        stagings.set(staging.run_id, staging);
      } else if (name.includes(":")) texts.set(name, text);
      else if (name.includes("t")) tasks.set(name, taskRecord.parse(JSON.parse(text)));
      else runs.set(name, runRecord.parse(JSON.parse(text)));
    }
  }
  for (const [task_id, task] of tasks) {
    const run_id = task_id.replace(/t\d+$/, "");
    if (runs.has(run_id) || !stagings.has(run_id)) continue;
    hidden.set(task_id, task);
    tasks.delete(task_id);
  }
  return { tasks, runs, texts, stagings, hidden };
}

function readAgents(dump: Dump): Map<string, AgentRecord> {
  const fields = Object.entries(dump.hashes["control"] ?? {});
  return new Map(
    fields
      .filter(([name]) => name.startsWith("agent:"))
      .map(([name, text]) => [name.slice(6), agentRecord.parse(JSON.parse(text))]),
  );
}

/** A task's member of the line. Each number is led by a letter for its length, so that members sort like the numbers. */
export function memberOf(task_id: string): string {
  return task_id.replaceAll(/[rt](\d+)/g, (_, digits: string) =>
    String.fromCodePoint(96 + digits.length).concat(digits),
  );
}
