import { refuse } from "../domain/refusal.ts";

/** Refused where an idempotency key came with another body than before. */
export function keyUsedOtherwise(details: object = {}): ReturnType<typeof refuse> {
  return refuse(
    "idempotency_conflict",
    "This idempotency_key was used with other contents: send the same call again, or take a new key.",
    { ...details },
  );
}
