import { expect, test } from "vitest";
import { readableLine } from "../../infra/local/log-line.ts";

test("shows the fields of a JSON line in their order", () => {
  expect(readableLine('{"event":"operation","ms":3,"ok":true}')).toBe(
    "event=operation ms=3 ok=true",
  );
});

test.each(["workerd/server.c++: warning", "[1,2]", "17"])("leaves %s as it is", (line) => {
  expect(readableLine(line)).toBe(line);
});
