/** The command line of the MCP Inspector lists and calls the tools. */
import { describe, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { useStack } from "../support/stack.ts";

const INSPECTOR = "@modelcontextprotocol/inspector/clients/launcher/build/index.js";

const stack = useStack();

describe.each(["legacy", "modern"])("the Inspector in the %s era", (era) => {
  const inspect = async (role: "orchestrator" | "viewer", args: readonly string[]) => {
    const { mcpUrl, keys } = stack();
    const { code, stdout, stderr } = await runCommand(INSPECTOR, [
      "--cli",
      mcpUrl,
      "--transport=http",
      `--protocol-era=${era}`,
      "--format=json",
      "--header",
      `Authorization: Bearer ${keys[role]}`,
      ...args,
    ]);
    return { code, said: stdout || stderr };
  };

  test("lists the tools and finds nothing that another client would stumble over", async () => {
    const { code, said } = await inspect("orchestrator", ["--method=tools/list", "--strict"]);
    expect({ code, said }).toMatchObject({ code: 0 });
    expect(said).toContain('"name":"poll_tasks"');
  });

  test("calls a tool with arguments and shows what it answered", async () => {
    const { code, said } = await inspect("orchestrator", [
      "--method=tools/call",
      "--tool-name=create_task",
      '--tool-args-json={"agent_type":"inspection","task_description":"Look closely"}',
    ]);
    expect({ code, said }).toMatchObject({ code: 0 });
    const { result } = JSON.parse(said) as { result: { structuredContent: unknown } };
    expect(result.structuredContent).toMatchObject({
      task_id: expect.stringMatching(/^r\d+t1$/),
      status: "ready",
    });
  });

  test("shows a refused call as a failed one, with what to do about it", async () => {
    const { code, said } = await inspect("orchestrator", [
      "--method=tools/call",
      "--tool-name=poll_tasks",
      '--tool-args-json={"agent_id":"newcomer","wait_seconds":0}',
    ]);
    expect(code).not.toBe(0);
    expect(said).toContain("newcomer is new here: say its agent_type");
  });
});
