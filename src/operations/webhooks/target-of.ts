/** Where a webhook may go: judged by its name, and by what the name resolves to. */
import * as z from "zod";
import { refuse, type Result } from "../../domain/refusal.ts";
import { privateAddress, webhookTarget } from "../../domain/webhook-target.ts";
import type { Webhooks } from "./webhooks.ts";

/** What a name resolved to a moment ago; each isolate has its own. */
const looked = new Map<string, { readonly at: number; readonly why: string | undefined }>();
const KEPT_MS = 60_000;
const KEPT = 500;

const TIMEOUT_MS = 2_000;

/** https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/ */
const answer = z.looseObject({
  Answer: z.array(z.looseObject({ type: z.int(), data: z.string() })).default([]),
});
const RECORDS = { A: 1, AAAA: 28 } as const;

/**
 * The normalised URL, or why nothing is sent there. A name that cannot be looked up passes: the platform reaches no private
 * network either, and a resolver that is down must not hold up deliveries.
 */
export async function targetOf(text: string, webhooks: Webhooks): Promise<Result<string>> {
  const target = webhookTarget(text, webhooks);
  if (!target.ok || webhooks.resolver === undefined) return target;
  const why = await privateName(new URL(target.value).hostname, webhooks);
  return why === undefined
    ? target
    : refuse("invalid", `url cannot be delivered to: ${why}.`, { parameters: ["url"] });
}

async function privateName(host: string, webhooks: Webhooks): Promise<string | undefined> {
  const known = looked.get(host);
  if (known && known.at > Date.now() - KEPT_MS) return known.why;
  const all = await Promise.all([
    addresses(host, "A", webhooks),
    addresses(host, "AAAA", webhooks),
  ]);
  const found = all.flatMap((some) => some ?? []);
  const why = found.map(privateAddress).find((one) => one !== undefined);
  const said =
    why === undefined
      ? undefined
      : `${host} resolves to an address to which nothing is sent: ${why}`;
  if (all.every((some) => some !== undefined)) {
    if (looked.size >= KEPT) looked.clear();
    looked.set(host, { at: Date.now(), why: said });
  }
  return said;
}

/** Undefined where the resolver does not say. A literal address has no records. */
async function addresses(
  host: string,
  type: keyof typeof RECORDS,
  { fetch, resolver = "" }: Webhooks,
): Promise<string[] | undefined> {
  try {
    const response = await fetch(`${resolver}?name=${encodeURIComponent(host)}&type=${type}`, {
      headers: { accept: "application/dns-json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return undefined;
    const { Answer } = answer.parse(await response.json());
    return Answer.filter((one) => one.type === RECORDS[type]).map(({ data }) => data);
  } catch {
    return undefined;
  }
}
