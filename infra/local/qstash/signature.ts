// Signs a delivery: the JWT of Upstash-Signature (docs: QStash, Security).

import { createHash, createHmac } from "node:crypto";

const lifetimeSeconds = 300;

/** `url` becomes the subject exactly as given. `nowMs` is unix milliseconds. */
export function signDelivery(args: {
  readonly key: string;
  readonly url: string;
  readonly body: Uint8Array;
  readonly nowMs: number;
  readonly tokenId: string;
}): string {
  const issuedAt = Math.floor(args.nowMs / 1_000);
  const claims = {
    iss: "Upstash",
    sub: args.url,
    exp: issuedAt + lifetimeSeconds,
    nbf: issuedAt,
    iat: issuedAt,
    jti: args.tokenId,
    body: bodyHash(args.body),
  };
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", args.key).update(signed).digest("base64url")}`;
}

/** base64url with its padding, as in the documented example. */
function bodyHash(body: Uint8Array): string {
  return `${createHash("sha256").update(body).digest("base64url")}=`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
