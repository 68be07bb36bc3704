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
    // Not what a test may take, but after what it hangs. On the embedded engine some take half a minute on a fast machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Vitest's own is one second, which a busy machine may need for anything.
    expect: { poll: { timeout: 40_000 } },
    // Two cores: more workers only make every test slower.
    maxWorkers: 2,
    // Expected failures that a client library prints hide the ones that matter.
    silent: "passed-only",
  },
});
