/** A lease is worth something only together with the key that got it. */
import { describe, expect, test } from "vitest";
import { useStack } from "../support/stack.ts";
import { apiOf, dumpOf } from "../support/worker-api.ts";

const stack = useStack();

describe("a lease that a worker's key got", () => {
  test.each([
    ["heartbeat", {}],
    ["submit_result", { status: "completed", result: { stolen: true } }],
    ["submit_result", { status: "failed", error: { message: "sabotage" } }],
    ["submit_result", { status: "released" }],
    ["get_shared_state", { prefix: "" }],
    ["set_shared_state", { key: "stolen", value: 1 }],
  ])("is an unknown lease to %s with another key: %j", async (tool, args) => {
    const task = await apiOf(stack()).task("guarded");
    const held = await apiOf(stack(), "worker").claim(`holder-of-${task}`, {
      agent_type: "guarded",
    });
    const before = await dumpOf(stack());

    const { status, body } = await apiOf(stack(), "orchestrator").call(tool, {
      lease: held.lease,
      ...args,
    });

    expect([status, body["reason"]]).toEqual([404, "lease_unknown"]);
    expect(body["detail"]).toContain("Call poll_tasks with your agent_id");
    expect(await dumpOf(stack())).toEqual(before);
    await apiOf(stack(), "worker").ok("submit_result", { lease: held.lease, status: "completed" });
  });

  test("is not given to another key that polls under the same agent id", async () => {
    await apiOf(stack()).task("masked");
    const held = await apiOf(stack(), "worker").claim("mask", { agent_type: "masked" });

    const { body } = await apiOf(stack(), "orchestrator").call("poll_tasks", {
      agent_id: "mask",
      agent_type: "masked",
      wait_seconds: 0,
    });

    expect(JSON.stringify(body)).not.toContain(held.lease);
    expect(body["detail"]).toContain("take another, such as mask-2");
    const again = await apiOf(stack(), "worker").claim("mask");
    expect(again).toMatchObject({ lease: held.lease, held: true });
  });

  test("says the same as a lease that never was", async () => {
    await apiOf(stack()).task("shadow");
    const { lease } = await apiOf(stack(), "worker").claim("shadow", { agent_type: "shadow" });
    const never = lease.replace(/.$/, (last) => (last === "a" ? "b" : "a"));
    const other = apiOf(stack(), "orchestrator");
    const [foreign, unknown] = [
      await other.call("heartbeat", { lease }),
      await other.call("heartbeat", { lease: never }),
    ];
    expect(JSON.stringify(foreign).replaceAll(lease, "…")).toBe(
      JSON.stringify(unknown).replaceAll(never, "…"),
    );
  });
});
