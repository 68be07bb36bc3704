/**
 * `subscriptions/listen` (https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions) for runs
 * and tasks. The SDK speaks the protocol; what it is told of, and how fast, is ours.
 */
import type { Fact } from "../../domain/event.ts";
import { LIMITS } from "../../domain/limits.ts";
import { followEvents } from "../../operations/follow-events.ts";
import { openStream, ReaderGone } from "../../operations/streams/open-stream.ts";
import { TOO_MANY_STREAMS } from "../../operations/streams/open-streams.ts";
import { existingOf, subjectsOf } from "../../operations/streams/watched.ts";
import { mcpHandler } from "../handler.ts";
import { jsonRpcError } from "../json-rpc.ts";
import type { Session } from "../session.ts";
import { busOfOne } from "./bus.ts";
import { type Listen, subjectOf } from "./read-listen.ts";

const KEEP_ALIVE = new TextEncoder().encode(": keepalive\n\n");

export async function serveListen(session: Session, listen: Listen): Promise<Response> {
  const { services, caller, request } = session;
  const subjects = await subjectsHere(session, listen);
  const bus = busOfOne();
  const handler = mcpHandler(session, bus);
  // What is left out is not acknowledged. The SDK ends a subscription to nothing by itself.
  const parsedBody = listen.narrowedTo([...subjects.keys()]);
  const response = await handler.fetch(request, { parsedBody });
  if (!bus.isHeard() || !response.body) return response;

  const frames = response.body.getReader();
  const readable = openStream({ caller, signal: request.signal }, async ({ write, ...until }) => {
    /** The next frame of the SDK. No more is asked of the log before the reader has taken it. */
    const pass = async (): Promise<void> => {
      const { value } = await frames.read();
      if (!value) throw new ReaderGone("its request was aborted");
      await write(value);
    };
    const ids = new Set(subjects.values());
    const isWanted = (fact: Fact): boolean => subjectsOf(fact).some((id) => ids.has(id));
    try {
      for await (const step of followEvents(services.store.events, { ...until, isWanted })) {
        // The acknowledgement: whatever happens from now on is told.
        if (step.kind === "start") await pass();
        if (step.kind === "quiet") await write(KEEP_ALIVE);
        if (step.kind !== "events") continue;
        const changed = new Set(step.events.flatMap(({ fact }) => subjectsOf(fact)));
        for (const [uri] of [...subjects].filter(([, id]) => changed.has(id))) {
          bus.publish({ kind: "resource_updated", uri });
          await pass();
        }
      }
      // Tells the client that it is over, and may listen again.
      await handler.close();
      await pass();
    } finally {
      await frames.cancel();
    }
  });
  if (readable) return new Response(readable, response);
  await frames.cancel();
  return jsonRpcError({ code: -32603, message: TOO_MANY_STREAMS }, { id: listen.id, status: 200 });
}

/** By their addresses, the runs and tasks that `get_task_status` would tell of. */
async function subjectsHere(
  { services }: Session,
  { uris }: Listen,
): Promise<ReadonlyMap<string, string>> {
  const named = uris.slice(0, LIMITS.subscription_resources).flatMap((uri) => {
    const id = subjectOf(uri);
    return id === undefined ? [] : [[uri, id] as const];
  });
  const existing = await existingOf(
    services,
    named.map(([, id]) => id),
  );
  return new Map(named.filter(([, id]) => existing.has(id)));
}
