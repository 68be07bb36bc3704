/** What a call answers, in the form in which model and store are compared. */
import { type Notice } from "../../src/store/codec.ts";

export type Reply = { readonly said: unknown } | { readonly refused: unknown };

/** Replies are copies: the model's records go on changing. */
export function said(reply: unknown): Reply {
  return { said: structuredClone(reply) };
}

export function refused(refusal: object): Reply {
  return { refused: refusal };
}

/** Absent where nothing is told. */
export function withNotices(notices: readonly Notice[]): { notices?: readonly Notice[] } {
  return notices.length > 0 ? { notices } : {};
}
