/** What Baton keeps about all projects together: who they are, and which callbacks QStash gave up. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { DEPLOYMENT_KEYS, type DeploymentKey } from "./keys.ts";
import { DEPLOYMENT_SCRIPTS } from "./scripts.ts";
import type { Transport } from "./transport.ts";

/** A callback that QStash gave up after its last attempt. */
export const failedCallback = z.object({
  /** Of the message that failed; the same each time it is told. */
  message_id: z.string(),
  /** Path of the route that did not accept it. */
  path: z.string(),
  /** What the route answered last; 0 if it did not. */
  status: z.int(),
  project: z.string().optional(),
});

export type FailedCallback = z.infer<typeof failedCallback>;

const visitReply = z.strictObject({ projects: z.array(z.string()) });
const noteReply = z.strictObject({ new: z.boolean() });
const failuresReply = z.strictObject({
  count: z.int(),
  /** Newest first. */
  last: z.array(z.strictObject({ at: z.int(), failure: failedCallback })),
});

export interface Deployment {
  /**
   * The projects that were looked at longest ago, which from now on count as looked at. `known` are added to the
   * directory where they are missing.
   */
  visit(known: readonly string[]): Promise<string[]>;
  /** Whether it was told for the first time. */
  noteFailure(failure: FailedCallback): Promise<boolean>;
  /** How many callbacks failed ever, and the last ones. */
  failures(count: number): Promise<z.infer<typeof failuresReply>>;
}

export interface DeploymentOptions {
  readonly transport: Transport;
  /** Tests move time with this; in production Redis' own clock decides. Milliseconds. */
  readonly now?: () => number;
  /** Tests that share a Redis keep apart with keys of their own. */
  readonly keys?: Readonly<Record<DeploymentKey, string>>;
}

export function createDeployment({
  transport,
  now,
  keys = DEPLOYMENT_KEYS,
}: DeploymentOptions): Deployment {
  const { projects, failures, counts } = keys;
  const args = (request: object): string[] => [String(now?.() ?? 0), JSON.stringify(request)];
  return {
    visit: async (known) => {
      const request = { projects: known, count: LIMITS.projects_per_watch };
      const text = await transport.run(DEPLOYMENT_SCRIPTS.visit, [projects], args(request));
      return visitReply.parse(JSON.parse(text)).projects;
    },
    noteFailure: async (failure) => {
      const { noteFailure } = DEPLOYMENT_SCRIPTS;
      const member = JSON.stringify(failedCallback.parse(failure));
      const text = await transport.run(noteFailure, [failures, counts], [...args({}), member]);
      return noteReply.parse(JSON.parse(text)).new;
    },
    failures: async (count) => {
      const script = DEPLOYMENT_SCRIPTS.failures;
      const text = await transport.run(script, [failures, counts], args({ count }));
      return failuresReply.parse(JSON.parse(text));
    },
  };
}
