// The headers that an endpoint receives with a message (docs: QStash, Receiving).

import type { Message } from "./message.ts";

/** A forwarded header never replaces one that QStash sets, nor one that belongs to the connection. */
const notForwarded =
  /^(host|content-length|connection|transfer-encoding|upgrade|keep-alive|te|trailer)$/i;

export function deliveryHeaders(
  message: Message,
  { signature, region }: { signature: string; region: string },
): Record<string, readonly string[]> {
  const headers: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(message.settings.headers)) {
    if (!notForwarded.test(name)) headers[name] = values;
  }
  headers["User-Agent"] = ["Upstash-QStash"];
  headers["Upstash-Signature"] = [signature];
  headers["Upstash-Message-Id"] = [message.id];
  headers["Upstash-Retried"] = [String(message.retried)];
  headers["Upstash-Caller-Ip"] = [message.callerIp];
  headers["Upstash-Region"] = [region];
  if (message.topicName !== undefined) headers["Upstash-Topic-Name"] = [message.topicName];
  if (message.scheduleId !== undefined) headers["Upstash-Schedule-Id"] = [message.scheduleId];
  return headers;
}
