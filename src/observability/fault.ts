/** Turns an unexpected exception into an id: the log has the details, the caller gets the id and nothing else. */
import { log } from "./log.ts";

/** An exception that has been logged. */
export class Fault extends Error {
  readonly id: string;

  constructor(id: string, cause: unknown) {
    super(`Fault ${id}`, { cause });
    this.name = "Fault";
    this.id = id;
  }

  /** What a caller may read. */
  get advice(): string {
    return `Something failed inside Baton (fault ${this.id}). Nothing may have happened, or all of it: call again with the same values, which is safe for polls, heartbeats and submits; for the rest look first with get_task_status or list_tasks.`;
  }
}

/** Logs an exception once, however many boundaries it passes. */
export function recordFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const fault = new Fault(crypto.randomUUID().slice(0, 8), error);
  log("fault", { fault_id: fault.id, ...describe(error) });
  return fault;
}

/** The Upstash client puts the whole command, with its payload, behind these words. */
const COMMAND = /,? command was: .*/s;
const MESSAGE_LENGTH = 200;
const FRAMES = 8;

function describe(error: unknown) {
  if (!(error instanceof Error)) return { error_name: typeof error };
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((line) => line.startsWith("    at "))
    .slice(0, FRAMES)
    .map((line) => line.trim());
  return {
    error_name: error.name,
    error_message: error.message.replace(COMMAND, "").slice(0, MESSAGE_LENGTH),
    error_frames: frames,
  };
}
