/** Server-sent events from a body (https://html.spec.whatwg.org/multipage/server-sent-events.html), as far as Baton writes them. */

export interface Frame {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
}

/** The frames that arrive together, as often as some arrive; comments are empty frames. Ends with the body. */
export async function* readFrames(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<readonly Frame[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = parts.pop() ?? "";
    if (parts.length > 0) yield parts.map(frameOf);
  }
}

function frameOf(text: string): Frame {
  const fields = text.split("\n").map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  return Object.fromEntries(fields.filter(([name]) => name !== ""));
}
