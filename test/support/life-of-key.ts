/** For how long a reply is kept under the caller's idempotency key, by Redis' own clock. */
import { expect } from "vitest";
import type { Project } from "./project.ts";

/** Seconds; there must be one such key. */
export async function lifeOfKey(project: Project): Promise<number> {
  const { strings } = await project.dump();
  const keys = Object.keys(strings).filter((name) => name.startsWith("operation:key:"));
  expect(keys).toHaveLength(1);
  return Number(await project.redis.call(["TTL", `baton:{${project.name}}:${keys[0]}`]));
}
