/** What a key may do. `viewer` reads; `worker` does tasks; `orchestrator` does both and steers; `admin` also administers. */

export const ROLES = ["viewer", "worker", "orchestrator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export const EVERYBODY: readonly Role[] = ["viewer", "worker", "orchestrator", "admin"];
export const AGENTS: readonly Role[] = ["worker", "orchestrator", "admin"];
export const ORCHESTRATORS: readonly Role[] = ["orchestrator", "admin"];
export const ADMINS: readonly Role[] = ["admin"];
