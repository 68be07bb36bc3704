/** Random sequences of calls on the model and on Redis, with the limits as they are. */
import { expect, test } from "vitest";
import { PATIENCE_MS, playAsAsked } from "./as-asked.ts";

test(
  "model and Redis agree after each call of a sequence",
  { timeout: PATIENCE_MS },
  async (context) => {
    expect(await playAsAsked(context)).toBe(true);
  },
);
