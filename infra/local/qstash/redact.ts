// Hides the fields named by Upstash-Redact-Fields in whatever the API shows; deliveries keep them.

import { createHash } from "node:crypto";
import { badRequest } from "./api-error.ts";

export type Redaction = {
  readonly body: boolean;
  readonly allHeaders: boolean;
  /** Lower-case names. */
  readonly headers: ReadonlySet<string>;
};

/**
 * Reads `body, header[Authorization]`. The documentation writes both `header` and `headers`, so
 * both are taken.
 */
export function readRedaction(value: string | undefined): Redaction | undefined {
  if (value === undefined) return undefined;
  let body = false;
  let allHeaders = false;
  const headers = new Set<string>();
  for (const field of value.split(",").map((part) => part.trim())) {
    const named = /^headers?\[([^\]]+)\]$/.exec(field)?.[1];
    if (field === "body") body = true;
    else if (field === "header" || field === "headers") allHeaders = true;
    else if (named !== undefined) headers.add(named.toLowerCase());
    else throw badRequest(`invalid Upstash-Redact-Fields: unknown field "${field}"`);
  }
  return { body, allHeaders, headers };
}

export function redactedBody(body: Uint8Array, redaction: Redaction | undefined): Uint8Array {
  return redaction?.body === true ? Buffer.from(mark(body)) : body;
}

export function redactedHeaders(
  headers: Readonly<Record<string, readonly string[]>>,
  redaction: Redaction | undefined,
): Record<string, readonly string[]> {
  const shown: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(headers)) {
    const hide =
      redaction?.allHeaders === true || redaction?.headers.has(name.toLowerCase()) === true;
    shown[name] = hide ? values.map(mark) : values;
  }
  return shown;
}

function mark(value: string | Uint8Array): string {
  return `REDACTED:${createHash("sha256").update(value).digest("hex")}`;
}
