// Who may do what: the two tokens of a database.
import { READ_COMMANDS } from "./command-table.ts";

export type Tokens = { token: string; readOnlyToken: string };

export type Access = "full" | "read-only";

/** What the caller's token allows; undefined for a missing or wrong one. `?_token=` wins over the header. */
export function accessOf(
  tokens: Tokens,
  request: { authorization: string | undefined; query: URLSearchParams | undefined },
): Access | undefined {
  const given = request.query?.get("_token") ?? request.authorization?.replace(/^Bearer\s+/i, "");
  if (given === tokens.token) return "full";
  return given === tokens.readOnlyToken ? "read-only" : undefined;
}

export const UNAUTHORIZED = "WRONGPASS invalid or missing auth token";

/** The error for a command that this access does not cover, or undefined. The name in upper case. */
export function forbidden(access: Access, name: string): string | undefined {
  if (access === "full" || READ_COMMANDS.has(name)) return undefined;
  return `NOPERM this user has no permissions to run the '${name.toLowerCase()}' command`;
}
