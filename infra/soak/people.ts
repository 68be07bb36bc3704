/** How people reach Baton during a soak: over REST, and they do not give up. */
import { z } from "zod";
import type { Ask } from "../../test/support/crew/people.ts";

const TRIES = 20;

export function peopleAt({ baseUrl }: { readonly baseUrl: string }, key: string): Ask {
  return async (tool, args) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(`${baseUrl}/v1/tools/${tool}`, {
          method: "POST",
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
          body: JSON.stringify(args),
          signal: AbortSignal.timeout(10_000),
        });
        const said = z.record(z.string(), z.unknown()).parse(await response.json());
        if (response.status < 500) return response.ok ? { said } : { refused: said };
      } catch (error) {
        if (attempt === TRIES) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
}
