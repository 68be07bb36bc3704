/** Reads a request's JSON, up to a limit that holds whatever Content-Length says. */
import { LIMITS } from "../domain/limits.ts";
import { problemResponse } from "./problem.ts";

export type Body = { readonly text: string } | { readonly refused: Response };

/** The text of a body of at most `LIMITS.body_bytes`; else the 413 (or 400, if it is no UTF-8) to answer with. */
export async function readBody(request: Request): Promise<Body> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > LIMITS.body_bytes) return { refused: tooLarge() };
  if (request.body === null) return { text: "" };
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let size = 0;
  let text = "";
  try {
    for await (const chunk of chunksOf(request.body)) {
      size += chunk.byteLength;
      if (size > LIMITS.body_bytes) return { refused: tooLarge() };
      text += decoder.decode(chunk, { stream: true });
    }
    return { text: text + decoder.decode() };
  } catch {
    const message = "The body could not be read to its end as UTF-8 text. Send it again.";
    return { refused: problemResponse({ status: 400, reason: "not_json", message }) };
  }
}

/** Leaving the loop early cancels the rest of the stream. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function tooLarge(): Response {
  const mebibytes = LIMITS.body_bytes / 2 ** 20;
  return problemResponse({
    status: 413,
    reason: "too_large",
    message: `A request body may have ${LIMITS.body_bytes} bytes (${mebibytes} MB). Put large data elsewhere and pass a pointer to it.`,
    facts: { limit_bytes: LIMITS.body_bytes },
  });
}
