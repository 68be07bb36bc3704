/**
 * Upstash's REST protocol (https://upstash.com/docs/redis/features/restapi), as far as it is used here: a command, or
 * several in one request, each as a list of texts.
 */
export interface RestSetup {
  readonly url: string;
  readonly token: string;
  /** Milliseconds for the whole exchange. */
  readonly timeout_ms: number;
}

type Command = readonly string[];

/** Redis answered with an error. Its message holds no part of the command. */
export class RedisRefusal extends Error {
  override readonly name = "RedisRefusal";
}

/**
 * The reply of one command.
 *
 * @throws RedisRefusal where Redis answered with an error; Error where it did not answer, or something before it did.
 */
export async function ask(setup: RestSetup, command: Command): Promise<unknown> {
  return replyIn(await post(setup, { path: "", body: command }));
}

/** The replies of several reads. Throws like `ask`, for the first that failed. */
export async function askAll(setup: RestSetup, commands: readonly Command[]): Promise<unknown[]> {
  const answers = await post(setup, { path: "/pipeline", body: commands });
  if (!Array.isArray(answers)) throw new Error("the answer to a pipeline is no list");
  return answers.map(replyIn);
}

async function post(
  { url, token, timeout_ms }: RestSetup,
  { path, body }: { path: string; body: unknown },
): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeout_ms),
  });
  // A 400 carries Redis' own error. 401, 429 and 5xx come from in front of Redis.
  if (!response.ok && response.status !== 400) {
    await response.body?.cancel();
    throw new Error(`HTTP ${response.status}`);
  }
  return response.json();
}

function replyIn(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null) throw new Error("no answer of Redis");
  if ("error" in answer && typeof answer.error === "string") {
    throw new RedisRefusal(answer.error.split(", command was:", 1)[0]);
  }
  return "result" in answer ? answer.result : undefined;
}
