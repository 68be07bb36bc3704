// Reads the commands out of an HTTP request: from the body, or from the path, the body and the query.

/** Name in upper case; arguments are text, or bytes where a raw body is an argument. */
export type Command = { name: string; args: readonly (string | Buffer)[] };

export type ParsedRequest =
  | { kind: "single"; command: Command }
  | { kind: "pipeline" | "transaction"; commands: Command[] }
  | { kind: "stream"; command: "subscribe" | "psubscribe" | "monitor"; channels: string[] }
  | { kind: "malformed"; error: string };

export type RawRequest = { path: string; query: URLSearchParams | undefined; body: Buffer };

/** Forms by upstash.com/docs/redis/features/restapi; texts for malformed ones as its users report them. */
export function parseRequest(request: RawRequest): ParsedRequest {
  switch (request.path) {
    case "/":
      return parseSingle(request.body);
    case "/pipeline":
      return parseMany("pipeline", request.body);
    case "/multi-exec":
      return parseMany("transaction", request.body);
    default:
      return parsePath(request);
  }
}

function parseSingle(body: Buffer): ParsedRequest {
  const value = parseJson(body);
  if (!Array.isArray(value)) return malformed("ERR failed to parse command");
  const command = readCommand(value);
  return "error" in command ? malformed(command.error) : { kind: "single", command };
}

function parseMany(kind: "pipeline" | "transaction", body: Buffer): ParsedRequest {
  const value = parseJson(body);
  if (!Array.isArray(value)) return malformed("ERR failed to parse pipeline request");
  if (value.length === 0) return malformed("ERR empty pipeline request");
  const commands: Command[] = [];
  for (const item of value) {
    if (!Array.isArray(item)) return malformed("ERR failed to parse pipeline command");
    const command = readCommand(item);
    if ("error" in command) return malformed(command.error);
    commands.push(command);
  }
  return { kind, commands };
}

function parsePath({ path, query, body }: RawRequest): ParsedRequest {
  let segments: string[];
  try {
    segments = path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return malformed("ERR failed to parse command");
  }
  const [name = "", ...args] = segments;
  const lower = name.toLowerCase();
  if (lower === "monitor") return { kind: "stream", command: lower, channels: [] };
  if (lower === "subscribe" || lower === "psubscribe") {
    if (args.length === 0) return malformed(`ERR wrong number of arguments for '${lower}' command`);
    return { kind: "stream", command: lower, channels: args };
  }
  return {
    kind: "single",
    command: {
      name: name.toUpperCase(),
      args: [...args, ...(body.length > 0 ? [body] : []), ...queryArguments(query)],
    },
  };
}

/** `?EX=100&NX` stands for `EX 100 NX`. */
function queryArguments(query: URLSearchParams | undefined): string[] {
  if (query === undefined) return [];
  return [...query]
    .filter(([name]) => name !== "_token")
    .flatMap(([name, value]) => (value === "" ? [name] : [name, value]));
}

function readCommand(items: readonly unknown[]): Command | { error: string } {
  if (items.length === 0) return { error: "ERR empty command" };
  const words: string[] = [];
  for (const item of items) {
    if (typeof item === "string") words.push(item);
    else if (typeof item === "number" || typeof item === "boolean") words.push(String(item));
    else if (item instanceof ExactNumber) words.push(item.source);
    else if (item === null) return { error: "ERR null args are not supported" };
    else return { error: `ERR unsupported arg type: "${Array.isArray(item) ? "[" : "{"}"` };
  }
  const [name = "", ...args] = words;
  return { name: name.toUpperCase(), args };
}

/** A number that a double cannot hold as it was written. */
class ExactNumber {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** A JSON text with long or fractional numbers outside of strings gets the slow, exact reading. */
const NEEDS_EXACT_NUMBERS = /[,[]\s*-?(?:\d{16}|\d+[.eE])/;

function parseJson(body: Buffer): unknown {
  const text = body.toString();
  try {
    if (!NEEDS_EXACT_NUMBERS.test(text)) return JSON.parse(text);
    return JSON.parse(text, keepSource);
  } catch {
    return undefined;
  }
}

function keepSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value;
  return String(value) === context.source ? value : new ExactNumber(context.source);
}

function malformed(error: string): ParsedRequest {
  return { kind: "malformed", error };
}
