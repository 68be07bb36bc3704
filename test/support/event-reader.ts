/** Reads `GET /v1/events` as a program would. */
import type { Stack } from "../../infra/local/stack.ts";
import { headersOf, type KeyRole } from "./worker-api.ts";
import { z } from "zod";

export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventReader {
  /** The next so many events. Rejects when the stream ends before. */
  readonly take: (count: number) => Promise<SeenEvent[]>;
  readonly close: () => void;
}

const data = z.record(z.string(), z.unknown());

/** Resolves once the stream has begun, and so has heard of what happens from now on. */
export async function openEvents(
  { baseUrl }: Pick<Stack, "baseUrl">,
  query = "",
  { role = "orchestrator", after }: { role?: KeyRole; after?: string } = {},
): Promise<EventReader> {
  const gone = new AbortController();
  const response = await fetch(`${baseUrl}/v1/events${query}`, {
    headers: { ...headersOf(role), ...(after && { "last-event-id": after }) },
    signal: gone.signal,
  });
  if (!response.ok || !response.body) throw new Error(`no stream: ${await response.text()}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const frame = async (): Promise<string> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const found = text.slice(0, end);
        text = text.slice(end + 2);
        return found;
      }
      const { done, value } = await reader.read();
      if (done) throw new Error("the stream has ended");
      text += value;
    }
  };
  if (!(await frame()).startsWith("retry:")) throw new Error("the stream began otherwise");
  return {
    close: () => {
      gone.abort();
      reader.closed.catch(() => undefined);
    },
    take: async (count) => {
      const events: SeenEvent[] = [];
      while (events.length < count) {
        const lines = (await frame()).split("\n");
        const field = (name: string): string | undefined =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const type = field("event");
        if (type === undefined) continue;
        events.push({
          id: field("id") ?? "",
          type,
          data: data.parse(JSON.parse(field("data") ?? "")),
        });
      }
      return events;
    },
  };
}
