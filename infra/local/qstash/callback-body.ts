// What a callback tells about a delivery (docs: QStash, Callbacks).

import type { DeliveryResult } from "./deliver.ts";
import type { Message } from "./message.ts";

/** `dlqId` is there for a failure callback only. Times are texts, as documented. */
export function callbackBody(
  message: Message,
  { result, dlqId }: { result: DeliveryResult; dlqId?: string | undefined },
): Uint8Array {
  const answer = result.kind === "answered" ? result : undefined;
  const body = result.kind === "answered" ? result.body : Buffer.from(result.error);
  const told = {
    status: answer?.status ?? 0,
    header: answer?.headers ?? {},
    body: Buffer.from(body).toString("base64"),
    retried: message.retried,
    maxRetries: message.settings.retries,
    dlqId,
    sourceMessageId: message.id,
    topicName: message.topicName,
    endpointName: message.endpointName,
    url: message.url,
    method: message.settings.method,
    sourceHeader: message.settings.headers,
    sourceBody: Buffer.from(message.body).toString("base64"),
    notBefore: String(message.notBefore),
    createdAt: String(message.createdAt),
    scheduleId: message.scheduleId,
    callerIP: message.callerIp,
  };
  return Buffer.from(JSON.stringify(told));
}
