import { expect, test } from "vitest";
import { clientConfigs } from "../../infra/local/client-configs.ts";

const configs = clientConfigs({ mcpUrl: "http://127.0.0.1:9999/mcp", key: "btn_local_worker" });

test.each(configs)("$client gets the address and the key", ({ text }) => {
  expect(text).toContain("http://127.0.0.1:9999/mcp");
  expect(text).toContain("btn_local_worker");
});

test.each(configs.filter(({ where }) => where.endsWith(".json")))(
  "$client's file is valid JSON",
  ({ text }) => {
    expect(() => JSON.parse(text)).not.toThrow();
  },
);

test.each(configs)(
  "$client says that it waits long where its own time-out is raised with it, and nowhere else",
  ({ text }) => {
    const said = Number(/Baton-Max-Wait\W+(\d+)/.exec(text)?.[1] ?? 0);
    const [, milliseconds, seconds] = /"timeout":(\d+)|tool_timeout_sec = (\d+)/.exec(text) ?? [];
    const timeout = Number(seconds ?? Number(milliseconds ?? 0) / 1000);
    expect([0, 900]).toContain(said);
    expect(timeout).toBe(said === 0 ? 0 : 960);
  },
);
