/** An MCP client that listens to resources, and notes what it is told. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { onTestFinished } from "vitest";

export interface SubscriberSetup {
  readonly url: string;
  readonly key: string;
  /** In place of the platform's. */
  readonly fetch?: (url: string | URL, init?: RequestInit) => Promise<Response>;
}

/** Closed when the test ends. */
export async function openSubscriber({ url, key, fetch }: SubscriberSetup) {
  const client = new Client(
    { name: "subscriber", version: "1.0.0" },
    { versionNegotiation: { mode: "auto" } },
  );
  /** Addresses, as often as they were told. */
  const told: string[] = [];
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    told.push(params.uri);
  });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
      ...(fetch && { fetch }),
    }),
  );
  onTestFinished(() => client.close());
  return {
    client,
    told,
    listen: (...uris: string[]) => client.listen({ resourceSubscriptions: uris }),
  };
}
