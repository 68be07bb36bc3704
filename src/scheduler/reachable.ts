/** Whether QStash answers, knows our token, and signs with keys that we know. */
import * as z from "zod";

/** Signing keys as configured. While keys are rotated both sign: the current one until then, the next one after. */
export interface KeyPair {
  readonly current: string;
  readonly next: string;
}

export interface QstashState {
  readonly ok: boolean;
  /** What is wrong and what to do, in one sentence; absent while all is well. */
  readonly message?: string;
}

const TIMEOUT_MS = 3_000;
const keyPair = z.object({ current: z.string(), next: z.string() });

export async function lookAtQstash(config: {
  readonly url: string;
  readonly token: string;
  readonly keys: KeyPair;
}): Promise<QstashState> {
  let response: Response;
  try {
    response = await fetch(`${config.url.replace(/\/$/, "")}/v2/keys`, {
      headers: { authorization: `Bearer ${config.token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return trouble("QStash did not answer");
  }
  const answer = keyPair.safeParse(await response.json().catch(() => undefined));
  if (response.status === 401 || response.status === 403) {
    return trouble("QStash refused our token: set QSTASH_TOKEN anew");
  }
  if (!response.ok || !answer.success) return trouble(`QStash answered ${response.status}`);
  const { current, next } = config.keys;
  if (answer.data.current !== current && answer.data.current !== next) {
    return trouble(
      "QStash signs with a key that is not ours, so its callbacks are refused: set QSTASH_CURRENT_SIGNING_KEY and QSTASH_NEXT_SIGNING_KEY anew",
    );
  }
  return { ok: true };
}

function trouble(what: string): QstashState {
  return {
    ok: false,
    message: `${what}. Until then deadlines are seen to only when somebody calls, and by nobody else.`,
  };
}
