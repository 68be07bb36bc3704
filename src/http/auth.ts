/**
 * Who calls: a key as `Authorization: Bearer …`, from nowhere else. There is no OAuth here, and no discovery document
 * under /.well-known: clients that find one ignore the key they were configured with.
 */
import type { Caller } from "../operations/operation.ts";
import { problemResponse } from "./problem.ts";

export interface AuthOptions {
  readonly authenticate: (key: string) => Promise<Caller | undefined>;
  readonly request: Request;
}

/** The caller, or the 401 to answer with. */
export async function authenticated({
  authenticate,
  request,
}: AuthOptions): Promise<Caller | Response> {
  const header = request.headers.get("authorization");
  const key = header === null ? undefined : /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (key === undefined) {
    return unauthorized(
      header === null
        ? "No key. Send one of this project's keys as the header Authorization: Bearer btn_…"
        : "The Authorization header is not of the form Bearer btn_…",
      "Bearer",
    );
  }
  const caller = await authenticate(key);
  return (
    caller ??
    unauthorized(
      "This key is unknown, revoked or expired. Ask whoever runs this server for a new one, and put it where your client takes the Authorization header.",
      'Bearer error="invalid_token"',
    )
  );
}

function unauthorized(message: string, challenge: string): Response {
  return problemResponse({
    status: 401,
    reason: "unauthorized",
    message,
    headers: { "www-authenticate": challenge },
  });
}
