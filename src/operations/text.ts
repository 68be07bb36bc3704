/** Sizes of text as it is stored. */

const encoder = new TextEncoder();

export function bytesOf(text: string): number {
  return encoder.encode(text).byteLength;
}

/** As one word of a command line that somebody may run: names are free text. */
export function shellWord(text: string): string {
  return /^\w[\w.:@/-]*$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
