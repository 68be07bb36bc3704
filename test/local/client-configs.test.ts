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
