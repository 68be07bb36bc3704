/** Who waits hears at once that the call has arrived, and not only with the first sign of life of the SDK's stream. */
import * as z from "zod";
import type { Session } from "./session.ts";

const toolCall = z.looseObject({
  method: z.literal("tools/call"),
  params: z.looseObject({ name: z.string() }),
});

/** A comment, which readers of event streams pass over. */
const HEARD = new TextEncoder().encode(": heard\n\n");

export function heardAtOnce(
  response: Response,
  call: { session: Session; body: unknown },
): Response {
  const { body, headers } = response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  if (!body || !isStream || !mayWait(call)) return response;
  const first = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => controller.enqueue(HEARD),
  });
  return new Response(body.pipeThrough(first), response);
}

function mayWait({ session, body }: { session: Session; body: unknown }): boolean {
  const call = toolCall.safeParse(body);
  return (
    call.success &&
    session.tools.some(
      ({ operation }) => operation.waits && operation.name === call.data.params.name,
    )
  );
}
