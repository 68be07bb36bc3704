/** What the skins are given for one request; `compose.ts` builds it from the environment. */
import type { Caller } from "./operation.ts";
import type { Services } from "./services.ts";

export interface Composition {
  readonly services: Services;
  /** The owner of a key, or undefined for one that is unknown, revoked or expired. */
  readonly authenticate: (key: string) => Promise<Caller | undefined>;
  /**
   * Host names (no port) under which this server answers and from whose pages a browser may call it. Empty: whatever
   * name the platform routed here, and pages of that same host.
   */
  readonly allowedHosts: readonly string[];
  /** Who calls at `/mcp-open`, a mount without a key for conformance tools that cannot send one. Local stack only. */
  readonly openMcp: Caller | undefined;
}
