/** Says before the first test what is going to be skipped, and why. */
import { findServer } from "../../infra/local/redis/start-redis.ts";

export function setup(): void {
  const server = findServer(process.env["PATH"] ?? "");
  if (!server) {
    console.log(
      "No redis-server or valkey-server on the path: tests run on the embedded engine, and those that need a real Redis (load, models, faults, comparisons) are skipped.",
    );
  }
}
