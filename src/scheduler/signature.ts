/**
 * Whether a callback comes from QStash: the JWT in `Upstash-Signature`. The SDK's receiver accepts any algorithm that
 * the token names and does not say what was wrong; this takes HS256 alone and says it.
 * https://upstash.com/docs/qstash/howto/signature
 */
import * as z from "zod";
import type { KeyPair } from "./reachable.ts";

export type Verdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason:
        | "unsigned"
        | "malformed"
        | "algorithm"
        | "forged"
        | "issuer"
        | "url"
        | "expired"
        | "not_yet"
        | "body";
    };

export interface SignedCallback {
  readonly signature: string | null;
  /** As received, undecoded. */
  readonly body: string;
  /** The exact URL that QStash was told to call. */
  readonly url: string;
  readonly keys: KeyPair;
  /** Milliseconds. */
  readonly now: number;
}

/** How far QStash's clock may be from ours. */
const TOLERANCE_SECONDS = 30;

const header = z.object({ alg: z.string() });
const claims = z.object({
  iss: z.string(),
  sub: z.string(),
  exp: z.number(),
  nbf: z.number(),
  body: z.string(),
});

export async function verifySignature(callback: SignedCallback): Promise<Verdict> {
  const { signature, keys } = callback;
  if (signature === null || signature === "") return { ok: false, reason: "unsigned" };
  const [head = "", payload = "", mark, ...rest] = signature.split(".");
  const alg = header.safeParse(decoded(head));
  const claimed = claims.safeParse(decoded(payload));
  const bytes = bytesOf(mark ?? "");
  if (!alg.success || !claimed.success || !bytes || rest.length > 0) {
    return { ok: false, reason: "malformed" };
  }
  if (alg.data.alg !== "HS256") return { ok: false, reason: "algorithm" };
  const signed = { text: `${head}.${payload}`, mark: bytes };
  if (!(await isSignedWith(keys.current, signed)) && !(await isSignedWith(keys.next, signed))) {
    return { ok: false, reason: "forged" };
  }
  return judge(claimed.data, callback);
}

async function judge(
  { iss, sub, exp, nbf, body: hash }: z.infer<typeof claims>,
  { url, body, now }: SignedCallback,
): Promise<Verdict> {
  const seconds = now / 1000;
  if (iss !== "Upstash") return { ok: false, reason: "issuer" };
  if (sub !== url) return { ok: false, reason: "url" };
  if (exp <= seconds - TOLERANCE_SECONDS) return { ok: false, reason: "expired" };
  if (nbf > seconds + TOLERANCE_SECONDS) return { ok: false, reason: "not_yet" };
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  return hash.replace(/=+$/, "") === base64url(new Uint8Array(digest))
    ? { ok: true }
    : { ok: false, reason: "body" };
}

async function isSignedWith(
  secret: string,
  { text, mark }: { text: string; mark: Uint8Array<ArrayBuffer> },
): Promise<boolean> {
  if (secret === "") return false;
  const encoder = new TextEncoder();
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), hmac, false, ["verify"]);
  return crypto.subtle.verify("HMAC", key, mark, encoder.encode(text));
}

function decoded(part: string): unknown {
  try {
    const bytes = bytesOf(part);
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function bytesOf(part: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(
      atob(part.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.codePointAt(0) ?? 0,
    );
  } catch {
    return undefined;
  }
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCodePoint(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
