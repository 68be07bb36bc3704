/**
 * How far a caller has been told: the number of the last change of each run, and the lanes of which it knows that no
 * agent serves them (`n`) or that a breaker holds them back (`b`). Short text, since agents copy it: "17", "4.0-n3".
 */

export interface Cursor {
  /** In the order in which the call names the runs. */
  readonly seqs: readonly number[];
  /** Such as "n3". */
  readonly told: readonly string[];
}

const FORM = /^\d{1,9}(?:\.\d{1,9})*(?:-[nb]\d{1,9})*$/;

export function formatCursor({ seqs, told }: Cursor): string {
  return [seqs.join("."), ...told].join("-");
}

/** Undefined for what no reply to a call for so many runs can have held. */
export function parseCursor(text: string, runs: number): Cursor | undefined {
  if (!FORM.test(text)) return undefined;
  const [seqs = "", ...told] = text.split("-");
  const numbers = seqs.split(".").map(Number);
  return numbers.length === runs ? { seqs: numbers, told } : undefined;
}
