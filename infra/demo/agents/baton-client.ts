/** Calls Baton's tools over MCP, with the SDK of either generation, and tries again when the network fails. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { openSession2025 } from "./session-2025.ts";
import { openSession2026 } from "./session-2026.ts";
import type { SessionSetup } from "./mcp-session.ts";
import type { AgentSetup } from "./messages.ts";

export type Reply =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: string; readonly message: string };

export interface Baton {
  /** The version of MCP that was agreed on. */
  readonly protocol: string;
  readonly toolNames: readonly string[];
  /** May be sent twice: give `idempotency_key` to what creates. Throws only when Baton cannot be reached. */
  readonly call: (tool: string, args: Record<string, unknown>) => Promise<Reply>;
}

const TRIES = 5;

const toolResult = z.object({
  isError: z.boolean().optional(),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  content: z.array(z.object({ text: z.string().optional() })).optional(),
});

const refusal = z.object({ reason: z.string(), message: z.string() });

export async function connectBaton(
  setup: SessionSetup & Pick<AgentSetup, "era">,
  onCall: (tool: string) => void,
): Promise<Baton> {
  const open = setup.era === "2025-11-25" ? openSession2025 : openSession2026;
  const session = await again(() => open(setup));
  return {
    protocol: session.protocol,
    toolNames: await again(() => session.toolNames()),
    call: (tool, args) => {
      onCall(tool);
      return again(async () => toReply(await session.call(tool, args)));
    },
  };
}

async function again<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (tries === TRIES) throw error;
      await pause(100 * 2 ** tries);
    }
  }
}

function toReply(raw: unknown): Reply {
  const { isError, structuredContent, content } = toolResult.parse(raw);
  if (!isError) return { ok: true, value: structuredContent ?? {} };
  const parsed = refusal.safeParse(structuredContent);
  if (parsed.success) return { ok: false, ...parsed.data };
  return { ok: false, reason: "unknown", message: content?.[0]?.text ?? "Refused without a word" };
}
