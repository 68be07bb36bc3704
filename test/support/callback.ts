/** A callback as QStash would make it, or nearly so: for those who forge, replay and alter. */
import { createHash, createHmac } from "node:crypto";

export interface Forgery {
  readonly key: string;
  readonly url: string;
  readonly body: string;
  /** Unix seconds at which it was signed; now where absent. */
  readonly at?: number;
  /** What the token claims otherwise than an honest one would. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly alg?: "HS256" | "HS512" | "none";
}

/** The token of `Upstash-Signature` (https://upstash.com/docs/qstash/howto/signature). */
export function signatureOf({ key, url, body, at, claims, alg = "HS256" }: Forgery): string {
  const iat = at ?? Math.floor(Date.now() / 1000);
  const hash = createHash("sha256").update(body).digest("base64url");
  const token = { iss: "Upstash", sub: url, exp: iat + 300, nbf: iat, iat, jti: "jwt_1" };
  const signed = `${part({ alg, typ: "JWT" })}.${part({ ...token, body: `${hash}=`, ...claims })}`;
  if (alg === "none") return `${signed}.`;
  const digest = alg === "HS256" ? "sha256" : "sha512";
  return `${signed}.${createHmac(digest, key).update(signed).digest("base64url")}`;
}

export function callback(forgery: Forgery): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json", "upstash-signature": signatureOf(forgery) },
    body: forgery.body,
  };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
