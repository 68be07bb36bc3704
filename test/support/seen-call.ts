/** What a client saw of one call: what it asked, when, and what came of it. */
import { z } from "zod";

export type Body = Readonly<Record<string, unknown>>;

/** `lost`: no answer came, or none that says what was done. It may have been done, once or, sent again, often. */
export type Outcome =
  | { readonly said: Body }
  | { readonly refused: Body }
  | { readonly lost: string };

/** Times in milliseconds of the client's clock. */
export interface SeenCall {
  readonly client: string;
  readonly tool: string;
  readonly args: Body;
  readonly began: number;
  /** Absent where the client never learned anything, since it died. */
  readonly ended?: number | undefined;
  readonly outcome: Outcome;
}

const body = z.record(z.string(), z.unknown());

/** As it stands in a log that processes write. */
export const seenCall = z.strictObject({
  client: z.string(),
  tool: z.string(),
  args: body,
  began: z.number(),
  ended: z.number().optional(),
  outcome: z.union([
    z.strictObject({ said: body }),
    z.strictObject({ refused: body }),
    z.strictObject({ lost: z.string() }),
  ]),
});
