import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Wrangler imports `.lua` as text by a rule; in Node the same takes a plugin. */
const luaAsText = {
  name: "lua-as-text",
  load(id: string) {
    return id.endsWith(".lua")
      ? `export default ${JSON.stringify(readFileSync(id, "utf8"))};`
      : undefined;
  },
};

export default defineConfig({
  plugins: [luaAsText],
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/announce-engine.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make every test slower.
    maxWorkers: 2,
    // Expected failures that a client library prints hide the ones that matter.
    silent: "passed-only",
  },
});
