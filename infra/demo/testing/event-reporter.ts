/** A reporter for `node --test`: one line of JSON for each test, for programs to read. */
import type { TestEvent } from "node:test/reporters";

/** What a line holds. `file` is absolute. `said` is there when the test failed. */
export interface TestLine {
  readonly test: string;
  readonly file?: string;
  readonly ok: boolean;
  readonly said?: string;
}

// The runner takes the default export.
// oxlint-disable-next-line import/no-default-export
export default async function* eventReporter(events: AsyncIterable<TestEvent>) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const line: TestLine = {
      test: data.name,
      ...(data.file === undefined ? {} : { file: data.file }),
      ok: type === "test:pass",
      ...(type === "test:fail" ? { said: saidBy(data.details.error) } : {}),
    };
    yield `${JSON.stringify(line)}\n`;
  }
}

/** The runner wraps what the test threw. */
function saidBy(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message.trim();
}
