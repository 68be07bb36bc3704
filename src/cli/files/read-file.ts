/** Reads a file of tasks in any of the forms that `npx baton run` takes. */
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { refuse, type Result } from "../../domain/refusal.ts";
import { isObject } from "../../operations/json-text.ts";
import { bytesOf } from "../../operations/text.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { Draft, Reading } from "./draft.ts";
import { faultLines } from "./fault.ts";
import { readSource, type Source } from "./source.ts";
import { isTaskMaster, readTaskMaster } from "./task-master.ts";
import { readWorkflow } from "./workflow.ts";

export interface FileOptions {
  readonly tag?: string;
  readonly agentType?: string;
}

/** Task Master keeps what is done in the file, so it may be larger than what is sent. */
const FILE_BYTES = 16 * 1_048_576;

/** The workflow in `path`, or a refusal whose message has a line for each fault. */
export async function readTaskFile(path: string, options: FileOptions): Promise<Result<Draft>> {
  const text = await readFile(path, "utf8").catch((error: unknown) => error);
  if (typeof text !== "string") {
    const missing = text instanceof Error && "code" in text && text.code === "ENOENT";
    return refuse("invalid", missing ? `There is no file ${path}.` : `Cannot read ${path}.`);
  }
  if (text.length > FILE_BYTES)
    return refuse("too_large", `${path} is larger than ${FILE_BYTES} bytes.`);
  return readTaskText(text, { path, ...options });
}

export function readTaskText(
  text: string,
  { path, ...options }: FileOptions & { readonly path: string },
): Result<Draft> {
  const plain = text.replace(/^\uFEFF/, "");
  const source = readSource(plain, extname(path).toLowerCase() === ".json" ? "json" : "yaml");
  const reading = source.readable ? read(source, { path, ...options }) : undefined;
  const found = reading?.ok === false ? reading.faults : [];
  const faults = [...source.faults, ...found];
  if (!reading?.ok || faults.length > 0) {
    const lines = faultLines(path, faults, source.placeOf);
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    return refuse("invalid", `${lines.join("\n")}\n${count}; nothing was sent.`);
  }
  const bytes = bytesOf(JSON.stringify(reading.value.workflow));
  if (bytes <= LIMITS.body_bytes) return { ok: true, value: reading.value };
  return refuse(
    "too_large",
    `${path}: ${bytes} bytes to send; at most ${LIMITS.body_bytes} are allowed. Nothing was sent.`,
  );
}

function read(
  { value }: Source,
  { path, tag, agentType }: FileOptions & { readonly path: string },
): Reading {
  if (!isObject(value) || !(tag !== undefined || isTaskMaster(value))) {
    return readWorkflow(value, agentType);
  }
  return readTaskMaster(value, {
    name: projectOf(path),
    ...(tag !== undefined && { tag }),
    ...(agentType !== undefined && { agentType }),
  });
}

/** The folder of the project: Task Master keeps its file in `.taskmaster/tasks/` or `tasks/`. */
function projectOf(path: string): string {
  let folder = dirname(resolve(path));
  while (["tasks", ".taskmaster"].includes(basename(folder))) folder = dirname(folder);
  return basename(folder) || basename(path);
}
