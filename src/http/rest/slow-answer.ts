/**
 * An answer that may take a while. What is known at once goes out as it is; after that the response begins, and white
 * space, which JSON allows before a value, is sent until the answer is there. A client that has gone is noticed only
 * by writing to it, and a wait that goes on for nobody would claim work for nobody.
 */
import { recordFault } from "../../observability/fault.ts";
import { faultResponse } from "../problem.ts";

/** Refusals, work that is there and faults of Redis come sooner than this, and so with their own status. */
const AT_ONCE_MS = 2_000;
const SPACE_EVERY_MS = 2_000;

/** `gone` is aborted once the client no longer listens. */
export async function slowAnswer(
  answer: Promise<Response>,
  gone: AbortController,
): Promise<Response> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), AT_ONCE_MS);
  });
  const first = await Promise.race([answer, patience]).finally(() => clearTimeout(timer));
  if (first) return first;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  fill(writable.getWriter(), { answer, gone }).catch(() => gone.abort());
  return new Response(readable, { headers: { "content-type": "application/json" } });
}

async function fill(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  { answer, gone }: { answer: Promise<Response>; gone: AbortController },
): Promise<void> {
  const encoder = new TextEncoder();
  const space = setInterval(() => {
    writer.write(encoder.encode("\n")).catch(() => gone.abort());
  }, SPACE_EVERY_MS);
  try {
    const response = await answer.catch((error: unknown) => faultResponse(recordFault(error)));
    await writer.write(encoder.encode(await response.text()));
    await writer.close();
  } finally {
    clearInterval(space);
  }
}
