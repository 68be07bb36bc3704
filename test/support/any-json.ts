/** Any JSON value that a caller may send. */
import * as fc from "fast-check";
import type { Json } from "./project.ts";

/**
 * What travels is JSON text: minus zero is zero there. The name `__proto__` is left out, since the JSON schema that
 * reads inputs drops it.
 */
export const anyJson: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 5 })
  .map((value) => JSON.stringify(value).replaceAll('"__proto__":', '"proto":'))
  .map((text) => JSON.parse(text) as Json);
