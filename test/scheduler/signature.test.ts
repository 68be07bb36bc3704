/** Which callbacks are taken for QStash's. */
import { Receiver } from "@upstash/qstash";
import { describe, expect, test } from "vitest";
import { type SignedCallback, verifySignature } from "../../src/scheduler/signature.ts";
import { type Forgery, signatureOf } from "../support/callback.ts";

const keys = { current: "sig_current", next: "sig_next" };
const honest: Forgery = {
  key: keys.current,
  url: "https://baton.example/qstash/tick",
  body: '{"project":"local","generation":7}',
};
const signedAt = Math.floor(Date.now() / 1000);

function judge(forgery: Partial<Forgery>, callback: Partial<SignedCallback> = {}) {
  const { url, body } = honest;
  const signature = signatureOf({ at: signedAt, ...honest, ...forgery });
  return verifySignature({ signature, url, body, keys, now: signedAt * 1000, ...callback });
}

const refused = (reason: string) => ({ ok: false, reason });

test("what QStash signs is accepted, with the current key and with the next", async () => {
  expect(await judge({})).toEqual({ ok: true });
  expect(await judge({ key: keys.next })).toEqual({ ok: true });
});

test("the SDK's own receiver agrees about what is honest", async () => {
  const { url, body } = honest;
  const receiver = new Receiver({ currentSigningKey: keys.current, nextSigningKey: keys.next });
  await expect(receiver.verify({ signature: signatureOf(honest), url, body })).resolves.toBe(true);
});

test.each<[string, Partial<Forgery>]>([
  ["another key", { key: "sig_stranger" }],
  ["another issuer", { claims: { iss: "Somebody" } }],
  ["another URL", { url: "https://other.example/qstash/tick" }],
  ["another body", { body: "{}" }],
  ["expired", { at: signedAt - 400 }],
  ["not yet valid", { at: signedAt + 100 }],
  ["no algorithm", { alg: "none" }],
])("what the SDK's own receiver refuses is refused here: %s", async (_, forgery) => {
  const { url, body } = honest;
  const signature = signatureOf({ at: signedAt, ...honest, ...forgery });
  const receiver = new Receiver({ currentSigningKey: keys.current, nextSigningKey: keys.next });
  await expect(receiver.verify({ signature, url, body, clockTolerance: 30 })).rejects.toThrow();
  expect(await judge(forgery)).toMatchObject({ ok: false });
});

test("a body hash without padding is the same hash", async () => {
  const padded = signatureOf(honest).split(".")[1] ?? "";
  const { body } = JSON.parse(Buffer.from(padded, "base64url").toString()) as { body: string };
  expect(await judge({ claims: { body: body.replaceAll("=", "") } })).toEqual({ ok: true });
});

describe("refused is", () => {
  test.each([
    ["one without a signature", null, "unsigned"],
    ["one with an empty signature", "", "unsigned"],
    ["what is no token", "no.token", "malformed"],
    ["a token with parts that are no JSON", "a.b.c", "malformed"],
    ["a token with too many parts", `${signatureOf(honest)}.x`, "malformed"],
  ])("%s", async (_, signature, reason) => {
    expect(await judge({}, { signature })).toEqual(refused(reason));
  });

  test("what was signed with another key", async () => {
    expect(await judge({ key: "sig_stranger" })).toEqual(refused("forged"));
  });

  test("what names another algorithm, with the right key or with none", async () => {
    expect(await judge({ alg: "HS512" })).toEqual(refused("algorithm"));
    expect(await judge({ alg: "none" })).toEqual(refused("algorithm"));
  });

  test("what somebody else issued", async () => {
    expect(await judge({ claims: { iss: "Somebody" } })).toEqual(refused("issuer"));
  });

  test("what was sent to another URL, were it by a slash", async () => {
    expect(await judge({ url: `${honest.url}/` })).toEqual(refused("url"));
    expect(await judge({ url: "https://other.example/qstash/tick" })).toEqual(refused("url"));
  });

  test("a body that was changed on the way", async () => {
    const body = honest.body.replace("7", "8");
    expect(await judge({}, { body })).toEqual(refused("body"));
  });

  test("what is older than five minutes and the tolerance of 30 s", async () => {
    const after = (seconds: number) => judge({}, { now: (signedAt + seconds) * 1000 });
    expect(await after(329)).toEqual({ ok: true });
    expect(await after(330)).toEqual(refused("expired"));
  });

  test("what will be valid only in more than 30 s", async () => {
    const before = (seconds: number) => judge({}, { now: (signedAt - seconds) * 1000 });
    expect(await before(30)).toEqual({ ok: true });
    expect(await before(31)).toEqual(refused("not_yet"));
  });

  test("what never expires, or says nothing of its body", async () => {
    expect(await judge({ claims: { exp: undefined } })).toEqual(refused("malformed"));
    expect(await judge({ claims: { body: undefined } })).toEqual(refused("malformed"));
  });

  test("everything while no key is configured", async () => {
    const none = { current: "", next: "" };
    expect(await judge({}, { keys: none })).toEqual(refused("forged"));
  });
});
