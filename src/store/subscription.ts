/**
 * A subscription over Upstash's REST API, which is an event stream (https://upstash.com/docs/redis/features/restapi).
 * Read here and not through the client, since that one does not tell when a stream has ended: whoever waits would go on
 * waiting for messages that nobody sends.
 */
export interface Subscription {
  /** Resolves once a message has come that nobody took, or the stream has ended. Whoever gives up waiting takes nothing. */
  heard(): Promise<void>;
  /** Takes what has come so far: whether it was anything. Nothing, once heard, means that the stream has ended. */
  take(): boolean;
  close(): void;
}

export interface SubscriptionSetup {
  readonly url: string;
  readonly token: string;
  /** A name without a comma. */
  readonly channel: string;
  /** Milliseconds until the acknowledgement. */
  readonly timeout_ms: number;
}

/**
 * Resolves once Redis has acknowledged.
 *
 * @throws Error where it does not, or not in time.
 */
export async function openSubscription(setup: SubscriptionSetup): Promise<Subscription> {
  const { url, token, channel, timeout_ms } = setup;
  const gone = new AbortController();
  const timer = setTimeout(() => gone.abort(), timeout_ms);
  try {
    const response = await fetch(`${url}/subscribe/${encodeURIComponent(channel)}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
      signal: gone.signal,
    });
    if (!response.ok || !response.body) throw new Error(`no subscription (${response.status})`);
    const subscription = listen(messagesIn(linesOf(response.body), channel), () => gone.abort());
    await subscription.heard();
    if (!subscription.take()) throw new Error("the stream ended unacknowledged");
    return subscription;
  } catch (error) {
    gone.abort();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Reads on whether somebody asks or not. What messages say is of no use: many that came are one reason to look. */
function listen(messages: AsyncIterable<string>, close: () => void): Subscription {
  let waiting = false;
  let ended = false;
  let wake = (): void => undefined;
  const read = async (): Promise<void> => {
    for await (const _ of messages) {
      waiting = true;
      wake();
    }
    ended = true;
    wake();
  };
  void read();
  return {
    close,
    heard: async () => {
      if (waiting || ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    },
    take: () => {
      const took = waiting;
      waiting = false;
      return took;
    },
  };
}

/** Lines of data are `subscribe,<channel>,<count>` and `message,<channel>,<text>`: the first one acknowledges. */
async function* messagesIn(lines: AsyncIterable<string>, channel: string): AsyncGenerator<string> {
  for await (const line of lines) {
    const [, said] = /^data: (?:subscribe|message),(.*)$/.exec(line) ?? [];
    if (said?.startsWith(`${channel},`)) yield said.slice(channel.length + 1);
  }
}

/** A stream that breaks off has ended. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const chunk = await reader.read().catch(() => undefined);
    if (!chunk || chunk.done) return;
    const lines = (rest + decoder.decode(chunk.value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.map((line) => line.trimEnd());
  }
}
