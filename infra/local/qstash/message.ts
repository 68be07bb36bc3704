// One message on its way to one address: what was asked, and how far it has got.

import { redactedBody, redactedHeaders } from "./redact.ts";
import type { HeaderBag } from "./header-bag.ts";
import type { MessageSettings } from "./message-settings.ts";

type MessageKind = "message" | "callback" | "failure-callback";

export type Message = {
  readonly id: string;
  readonly kind: MessageKind;
  /** Exactly as the caller wrote it: the signature's subject is this text. */
  readonly url: string;
  readonly settings: MessageSettings;
  readonly body: Uint8Array;
  /** The headers that `settings` were read from, for a later retry out of the dead letters. */
  readonly published: HeaderBag;
  readonly createdAt: number;
  readonly notBefore: number;
  readonly callerIp: string;
  readonly topicName?: string | undefined;
  readonly endpointName?: string | undefined;
  readonly queueName?: string | undefined;
  readonly scheduleId?: string | undefined;
  /** For a callback of a queued message: the message whose place in the queue it keeps. */
  readonly callbackOf?: Message | undefined;
  /** How many retries were made so far. */
  retried: number;
  cancelRequested: boolean;
  /** Callbacks of this message that are still on their way. */
  openCallbacks: number;
  finished: boolean;
};

/** How the API shows a message (docs: REST API, Message). */
export function messageView(message: Message): Record<string, unknown> {
  const { settings } = message;
  const flow = settings.flowControl;
  return {
    messageId: message.id,
    url: message.url,
    topicName: message.topicName,
    endpointName: message.endpointName,
    method: settings.method,
    header: redactedHeaders(settings.headers, settings.redaction),
    ...bodyView("body", redactedBody(message.body, settings.redaction)),
    maxRetries: settings.retries,
    retryDelayExpression: settings.retryDelay?.source,
    notBefore: message.notBefore,
    createdAt: message.createdAt,
    callback: settings.callback?.url,
    failureCallback: settings.failureCallback?.url,
    queueName: message.queueName,
    scheduleId: message.scheduleId,
    callerIP: message.callerIp,
    flowControlKey: flow?.key,
    parallelism: flow?.parallelism,
    rate: flow?.rate,
    period: flow === undefined ? undefined : flow.periodMs / 1_000,
    ...labelView(settings.labels),
  };
}

/** The deprecated `label` is the first of `labels`. */
export function labelView(labels: readonly string[]): Record<string, unknown> {
  return labels.length === 0 ? {} : { label: labels[0], labels };
}

/** `name` where the bytes are UTF-8, else `nameBase64`; nothing for an empty body. */
export function bodyView(name: string, body: Uint8Array): Record<string, string> {
  if (body.length === 0) return {};
  try {
    return { [name]: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body) };
  } catch {
    return { [`${name}Base64`]: Buffer.from(body).toString("base64") };
  }
}
