/** Names and digests that operations need. */
import type { Services } from "./services.ts";

/** 80 random bits: a name nobody else takes. */
export function randomName(random: Services["random"]): string {
  return Array.from(random(10), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Tells two bodies apart that came with the same idempotency key. */
export async function fingerprint(body: unknown): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(JSON.stringify(body)),
  );
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
