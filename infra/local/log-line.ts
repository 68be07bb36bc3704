/** Makes a line of the Worker's JSON log readable for people. */
import { z } from "zod";

const logLine = z.record(z.string(), z.json());

/** `name=value` pairs in the order of the line; a line that is no JSON object stays as it is. */
export function readableLine(line: string): string {
  const parsed = logLine.safeParse(fromJson(line));
  if (!parsed.success) return line;
  return Object.entries(parsed.data)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
