// Signatures as the SDK's Receiver sees them, and the rolling of their keys.

import { Receiver } from "@upstash/qstash";
import { expect, test } from "vitest";
import { signDelivery } from "../../../infra/local/qstash/signature.ts";
import { call, hour, setUp } from "./set-up.ts";

function claimsOf(signature: unknown): Record<string, unknown> {
  const payload = String(signature).split(".")[1] ?? "";
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

test("makes the documented claims", async () => {
  const { qstash, client, endpoint } = await setUp();
  const before = Math.floor(Date.now() / 1_000);
  await client.publish({ url: `${endpoint.url}/?a=1`, body: "hello" });
  await qstash.idle();
  const claims = claimsOf(endpoint.deliveries[0]?.headers["upstash-signature"]);
  expect(claims).toMatchObject({
    iss: "Upstash",
    sub: `${endpoint.url}/?a=1`,
    jti: expect.stringMatching(/^jwt_/),
    body: "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
  });
  expect(claims["iat"]).toBe(claims["nbf"]);
  expect(Number(claims["exp"]) - Number(claims["nbf"])).toBe(300);
  expect(Number(claims["nbf"])).toBeGreaterThanOrEqual(before);
});

test("is refused by the Receiver for another URL, another body or another key", async () => {
  const { qstash, client, endpoint, verify } = await setUp();
  await client.publish({ url: endpoint.url, body: "hello" });
  await qstash.idle();
  const [delivery] = endpoint.deliveries;
  if (delivery === undefined) throw new Error("nothing was delivered");
  await verify(delivery, endpoint.url);
  await expect(verify(delivery, `${endpoint.url}/`)).rejects.toThrow(/invalid subject/);
  await expect(verify({ ...delivery, body: "hallo" }, endpoint.url)).rejects.toThrow(/body hash/);
  const stranger = new Receiver({ currentSigningKey: "sig_a", nextSigningKey: "sig_b" });
  const signature = String(delivery.headers["upstash-signature"]);
  await expect(stranger.verify({ signature, body: delivery.body })).rejects.toThrow(
    /verification failed/,
  );
});

test("expires after five minutes", async () => {
  const body = Buffer.from("x");
  const nowMs = Date.now() - 301_000;
  const signature = signDelivery({
    key: "sig_a",
    url: "https://a.test",
    body,
    nowMs,
    tokenId: "jwt_1",
  });
  const receiver = new Receiver({ currentSigningKey: "sig_a", nextSigningKey: "sig_b" });
  await expect(receiver.verify({ signature, body: "x" })).rejects.toThrow();
  await expect(receiver.verify({ signature, body: "x", clockTolerance: 60 })).resolves.toBe(true);
});

test("carries real time by default however far the clock was moved", async () => {
  const { qstash, client, endpoint, verify } = await setUp();
  await client.publish({ url: endpoint.url, delay: "2h" });
  await qstash.clock.advance(2 * hour);
  await expect(verify(endpoint.deliveries[0], endpoint.url)).resolves.toBe(true);
});

test("carries the clock's time where the option says so", async () => {
  const { qstash, client, endpoint } = await setUp({ signatureTime: "clock" });
  await client.publish({ url: endpoint.url, delay: "2h" });
  await qstash.clock.advance(2 * hour);
  const { nbf } = claimsOf(endpoint.deliveries[0]?.headers["upstash-signature"]);
  expect(nbf).toBe(Math.floor(qstash.clock.now() / 1_000));
});

test("rolls keys: next becomes current, and receivers that know both never fail in between", async () => {
  const { qstash, client, endpoint } = await setUp();
  const before = qstash.signingKeys();
  const receiver = new Receiver({ currentSigningKey: before.current, nextSigningKey: before.next });
  const rotated = await call(qstash, { method: "POST", path: "/v2/keys/rotate" });
  expect(rotated.json).toEqual(qstash.signingKeys());
  expect(qstash.signingKeys().current).toBe(before.next);
  expect(qstash.signingKeys().next).not.toBe(before.next);
  const deliver = async (): Promise<boolean> => {
    await client.publish({ url: endpoint.url, body: "x" });
    await qstash.idle();
    const signature = String(endpoint.deliveries.at(-1)?.headers["upstash-signature"]);
    return await receiver.verify({ signature, body: "x", url: endpoint.url, clockTolerance: 5 });
  };
  await expect(deliver()).resolves.toBe(true);
  qstash.rotateKeys();
  await expect(deliver()).rejects.toThrow(/verification failed/);
});

test("answers /v2/keys with exactly the dev server's credentials by default", async () => {
  const { qstash } = await setUp();
  expect((await call(qstash, { path: "/v2/keys" })).json).toEqual({
    current: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    next: "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
  });
  expect(qstash.token).toMatch(/^eyJ/);
});
