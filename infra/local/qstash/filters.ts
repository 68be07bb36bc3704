// The filters that lists, bulk actions and logs share: any value of one field, all fields together.

import { badRequest } from "./api-error.ts";
import type { Message } from "./message.ts";

/** What a filter looks at. `time` is unix milliseconds: of creation, failure or logging. */
type Filterable = {
  readonly message: Message;
  readonly time: number;
  readonly responseStatus?: number | undefined;
  readonly state?: string | undefined;
};

export type Filter = (item: Filterable) => boolean;

/** Fields by query parameter; each gives the texts of which one must equal a wanted value. */
const fields: Readonly<Record<string, (item: Filterable) => readonly (string | undefined)[]>> = {
  messageId: ({ message }) => [message.id],
  messageIds: ({ message }) => [message.id],
  url: ({ message }) => [message.url],
  host: ({ message }) => [new URL(message.url).host],
  path: ({ message }) => [new URL(message.url).pathname],
  topicName: ({ message }) => [message.topicName],
  scheduleId: ({ message }) => [message.scheduleId],
  queueName: ({ message }) => [message.queueName],
  label: ({ message }) => message.settings.labels,
  flowControlKey: ({ message }) => [message.settings.flowControl?.key],
  callerIp: ({ message }) => [message.callerIp],
  callerIP: ({ message }) => [message.callerIp],
  responseStatus: ({ responseStatus }) => [String(responseStatus)],
  state: ({ state }) => statesOf(state),
};

/** Reads the filters of a query; parameters that are not filters are left to others. */
export function readFilter(query: URLSearchParams): Filter {
  const tests: Filter[] = [];
  for (const [name, textsOf] of Object.entries(fields)) {
    const wanted = readList(query, name);
    if (wanted.length > 0) tests.push((item) => textsOf(item).some((text) => isIn(text, wanted)));
  }
  const from = readWhole(query, "fromDate");
  if (from !== undefined) tests.push(({ time }) => time >= from);
  const to = readWhole(query, "toDate");
  if (to !== undefined) tests.push(({ time }) => time <= to);
  return (item) => tests.every((test) => test(item));
}

/** Values given by repeating a parameter or in one, with commas between. */
export function readList(query: URLSearchParams, name: string): string[] {
  return query
    .getAll(name)
    .flatMap((value) => value.split(","))
    .filter((value) => value !== "");
}

/** Throws ApiError 400 unless the parameter is absent or a whole number. */
export function readWhole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`invalid ${name} "${text}": expected a whole number`);
  return Number(text);
}

function isIn(text: string | undefined, wanted: readonly string[]): boolean {
  return text !== undefined && wanted.includes(text);
}

/** IN_PROGRESS asks for three states at once; the documentation and the SDK spell CANCELED apart. */
function statesOf(state: string | undefined): readonly (string | undefined)[] {
  if (state === "ACTIVE" || state === "RETRY" || state === "ERROR") return [state, "IN_PROGRESS"];
  return state === "CANCELED" ? [state, "CANCELLED"] : [state];
}
