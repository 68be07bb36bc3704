/** What is drawn on a terminal, and what goes into a file. */
import { expect, test } from "vitest";
import { createTerminal } from "../../src/cli/terminal.ts";
import { clean } from "../../src/cli/text.ts";

function screen(isTTY: boolean, env: Record<string, string> = {}) {
  let written = "";
  const write = (text: string) => void (written += text);
  return { terminal: createTerminal({ write, isTTY, columns: 10 }, env), written: () => written };
}

test("a file gets the lines alone", () => {
  const { terminal, written } = screen(false);
  terminal.status("1/2");
  terminal.line("a started");
  terminal.end();
  expect(written()).toBe("a started\n");
});

test("CI counts as a file, though it may pretend to be a terminal", () => {
  const { terminal, written } = screen(true, { CI: "true" });
  terminal.status("1/2");
  expect(written()).toBe("");
});

test("a terminal keeps the status below the lines, cut so that it cannot wrap, and removes it at the end", () => {
  const { terminal, written } = screen(true);
  terminal.status("1/2 and much more");
  terminal.line("a started");
  terminal.end();
  const clear = "\r\u001B[2K";
  expect(written()).toBe(`${clear}1/2 and …${clear}a started\n${clear}1/2 and …${clear}`);
});

test("what agents wrote cannot move the cursor", () => {
  expect(clean("a\u001B[2Jb\r\nc\u202Ed\u0007")).toBe("a [2Jb c d");
  expect(clean("x".repeat(500))).toHaveLength(200);
});
