/** The protocol's own conformance suite, against the mount without a key: the suite cannot send one. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { useStack } from "../support/stack.ts";

/** What every server can pass whole. The other scenarios look, in some of their checks, for the tools of a test server. */
const GENERIC = {
  "2026-07-28": [
    "tools-list",
    "resources-list",
    "prompts-list",
    "sep-2164-resource-not-found",
    "caching",
    "http-header-validation",
    "server-sse-multiple-streams",
    "input-required-result-missing-input-response",
    "input-required-result-unsupported-methods",
    "input-required-result-ignore-extra-params",
    "input-required-result-validate-input",
    "dns-rebinding-protection",
  ],
  "2025-11-25": [
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
  ],
};

const stack = useStack({ openMcp: true });

describe.each(["2026-07-28", "2025-11-25"] as const)("the suite for %s", (revision) => {
  test("passes but for exactly the checks of the baseline", async () => {
    const { code, stdout, stderr } = await runCommand(
      "@modelcontextprotocol/conformance/dist/index.js",
      [
        "server",
        `--url=${stack().baseUrl}/mcp-open`,
        `--requirements=${revision}`,
        `--expected-failures=${join(import.meta.dirname, `conformance-${revision}.yml`)}`,
      ],
    );
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    for (const scenario of GENERIC[revision]) {
      expect(stdout).toMatch(new RegExp(`^✓ ${scenario}: \\d+ passed, 0 failed`, "m"));
    }
  });
});
