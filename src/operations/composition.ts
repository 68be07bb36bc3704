/** What the skins are given for one request; `compose.ts` builds it from the environment. */
import type { Deployment } from "../store/deployment.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
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
  /** Absent where this server does not know its own URL: then only traffic sees to deadlines. */
  readonly timers?: Timers;
}

/** What makes the server look at the clock while nobody calls it. */
export interface Timers {
  readonly scheduler: Scheduler;
  readonly deployment: Deployment;
  /** Projects that exist. */
  readonly projects: readonly string[];
  /** Services of a project, or undefined where there is none of that name. */
  readonly servicesOf: (project: string) => Services | undefined;
}
