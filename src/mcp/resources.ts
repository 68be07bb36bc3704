/** Runs, tasks and shared state as resources, for clients that let people attach them. Read through the operations. */
import {
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { recordFault } from "../observability/fault.ts";
import { getSharedState } from "../operations/get-shared-state.ts";
import { getTaskStatus } from "../operations/get-task-status.ts";
import { invoke } from "../operations/invoke.ts";
import type { Operation } from "../operations/operation.ts";
import { callOf, traceOf } from "./call-tool.ts";
import { parseResourceUri } from "./resource-uri.ts";
import type { Session } from "./session.ts";

const MIME_TYPE = "application/json";

interface Kind {
  readonly name: string;
  readonly title: string;
  readonly variable: string;
  readonly operation: Operation;
  readonly argumentsOf: (id: string) => Record<string, unknown>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  runs: {
    name: "run",
    title: "A run with its tasks",
    variable: "id",
    operation: getTaskStatus,
    argumentsOf: (run_id) => ({ run_id }),
  },
  tasks: {
    name: "task",
    title: "A task with its result",
    variable: "id",
    operation: getTaskStatus,
    argumentsOf: (task_id) => ({ task_id, detail: "full" }),
  },
  state: {
    name: "state",
    title: "A key of the project's shared state",
    variable: "key",
    operation: getSharedState,
    argumentsOf: (key) => ({ key }),
  },
};

/** None by name: runs and tasks come and go, and `list_tasks` finds them. */
export function listResources(): [] {
  return [];
}

export function listResourceTemplates() {
  return Object.entries(KINDS).map(([folder, { name, title, variable }]) => ({
    uriTemplate: `baton://${folder}/{${variable}}`,
    name,
    title,
    mimeType: MIME_TYPE,
  }));
}

/** Throws `ResourceNotFoundError` (-32602) for what does not exist or is somebody else's. */
export async function readResource(
  session: Session,
  { uri, context }: { uri: string; context: ServerContext },
): Promise<ReadResourceResult> {
  const parsed = parseResourceUri(uri);
  const kind = parsed && Object.hasOwn(KINDS, parsed.folder) ? KINDS[parsed.folder] : undefined;
  if (!parsed || kind === undefined) throw notFound(uri);
  const result = await invoke({
    operation: kind.operation,
    raw: kind.argumentsOf(parsed.id),
    call: callOf(session, context),
    skin: "mcp",
    trace_id: traceOf(session, context),
  }).catch((error: unknown) => {
    throw new ProtocolError(ProtocolErrorCode.InternalError, recordFault(error).advice);
  });
  if (!result.ok) {
    const { reason, message } = result.refusal;
    if (reason === "not_found") throw new ResourceNotFoundError(uri, message);
    if (reason === "invalid") throw notFound(uri);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, message, { reason });
  }
  return { contents: [{ uri, mimeType: MIME_TYPE, text: JSON.stringify(result.value) }] };
}

function notFound(uri: string): ResourceNotFoundError {
  const known = listResourceTemplates().map(({ uriTemplate }) => uriTemplate);
  return new ResourceNotFoundError(
    uri,
    `No resource ${JSON.stringify(uri.slice(0, 60))} here. There are ${known.join(", ")}.`,
  );
}
