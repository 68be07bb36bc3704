/** How a process of the soak reaches Baton: over REST or over MCP. Nothing is sent again here: that is for its script. */
import { z } from "zod";
import { type Body, type Outcome } from "../../test/support/seen-call.ts";
import { openSession2026 } from "../demo/agents/session-2026.ts";
import type { AgentSetup } from "./agent-setup.ts";

export type Send = (tool: string, args: Body) => Promise<Outcome>;

/** Longer than any wait that is asked for, so that only what is really lost counts as lost. */
const TIMEOUT_MS = 30_000;

const body = z.record(z.string(), z.unknown());

export function overRest({ base_url, key }: AgentSetup): Send {
  return async (tool, args) => {
    try {
      const response = await fetch(`${base_url}/v1/tools/${tool}`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(args),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const said = body.parse(await response.json());
      // A refusal has its reason; a fault of the server, which may have done what was asked, has an id.
      if (response.status >= 500 || "fault_id" in said) return { lost: `HTTP ${response.status}` };
      return response.ok && !("reason" in said) ? { said } : { refused: refusalOf(said) };
    } catch (error) {
      return { lost: nameOf(error) };
    }
  };
}

const toolResult = z.looseObject({
  isError: z.boolean().optional(),
  structuredContent: body.optional(),
});

export function overMcp(setup: AgentSetup): Send {
  const { name, base_url, key } = setup;
  const open = () => openSession2026({ agent_id: name, mcp_url: `${base_url}/mcp`, key });
  let session: ReturnType<typeof open> | undefined;
  return async (tool, args) => {
    try {
      session ??= open();
      const { isError, structuredContent } = toolResult.parse(
        await within((await session).call(tool, { ...args })),
      );
      if (structuredContent === undefined || "fault_id" in structuredContent) {
        return { lost: "a fault of the server" };
      }
      return isError ? { refused: structuredContent } : { said: structuredContent };
    } catch (error) {
      session = undefined;
      return { lost: nameOf(error) };
    }
  };
}

/** Problem documents call the sentence `detail`, tools call it `message`. */
function refusalOf(said: Body): Body {
  return { ...said, message: said["message"] ?? said["detail"] };
}

async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), TIMEOUT_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.slice(0, 100)}` : "no answer";
}
