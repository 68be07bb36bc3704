import { describe, expect, test } from "vitest";
import { createRespParser } from "../../../infra/local/redis/resp-parser.ts";
import {
  encodeCommand,
  encodeReply,
  RespError,
  RespStatus,
  textOf,
  type RespValue,
} from "../../../infra/local/redis/resp.ts";

const binary = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

const REPLIES: { bytes: string | Buffer; value: RespValue }[] = [
  { bytes: "+OK\r\n", value: new RespStatus("OK") },
  { bytes: "+Grüße\r\n", value: new RespStatus("Grüße") },
  { bytes: "-ERR bad thing\r\n", value: new RespError("ERR bad thing") },
  { bytes: ":0\r\n", value: 0 },
  { bytes: ":-42\r\n", value: -42 },
  { bytes: ":9007199254740993\r\n", value: 9007199254740993n },
  { bytes: "$-1\r\n", value: null },
  { bytes: "*-1\r\n", value: null },
  { bytes: "$0\r\n\r\n", value: Buffer.alloc(0) },
  { bytes: "$6\r\na\r\nb\r\n\r\n", value: Buffer.from("a\r\nb\r\n") },
  { bytes: Buffer.concat([Buffer.from("$256\r\n"), binary, Buffer.from("\r\n")]), value: binary },
  { bytes: "*0\r\n", value: [] },
  {
    bytes: "*4\r\n:1\r\n*2\r\n*0\r\n$1\r\nx\r\n-ERR inner\r\n$-1\r\n",
    value: [1, [[], Buffer.from("x")], new RespError("ERR inner"), null],
  },
];

const stream = Buffer.concat(REPLIES.map(({ bytes }) => Buffer.from(bytes)));

function parseInChunks(size: number): RespValue[] {
  const replies: RespValue[] = [];
  const parser = createRespParser((reply) => replies.push(reply));
  for (let at = 0; at < stream.length; at += size) parser.push(stream.subarray(at, at + size));
  return replies;
}

describe("the RESP2 parser", () => {
  test.for([1, 2, 3, 5, 7, 11, 64, 100_000])(
    "reads every kind of reply from chunks of %d bytes",
    (size) => {
      expect(parseInChunks(size)).toEqual(REPLIES.map(({ value }) => value));
    },
  );

  test("reads a large nested reply in small chunks without starting over", () => {
    const items = 200_000;
    const row = Buffer.from("*2\r\n$3\r\nabc\r\n:7\r\n");
    const bytes = Buffer.concat([
      Buffer.from(`*${items}\r\n`),
      ...Array.from({ length: items }, () => row),
    ]);
    const replies: RespValue[] = [];
    const parser = createRespParser((reply) => replies.push(reply));
    for (let at = 0; at < bytes.length; at += 1_000) parser.push(bytes.subarray(at, at + 1_000));
    expect(replies).toHaveLength(1);
    expect(replies[0]).toHaveLength(items);
  });

  test("throws at bytes that are not RESP2", () => {
    const parser = createRespParser(() => undefined);
    expect(() => parser.push(Buffer.from("HTTP/1.1 200 OK\r\n"))).toThrow(/Not a RESP2 reply/);
  });
});

test("a command counts bytes, not characters, and carries buffers unchanged", () => {
  expect(encodeCommand(["SET", "ä", ""])).toBe("*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$0\r\n\r\n");
  const mixed = encodeCommand(["SET", "ä", binary]);
  expect(mixed).toEqual(
    Buffer.concat([
      Buffer.from("*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$256\r\n"),
      binary,
      Buffer.from("\r\n"),
    ]),
  );
});

test("an encoded reply reads back as itself", () => {
  const values = REPLIES.map(({ value }) => value);
  const replies: RespValue[] = [];
  createRespParser((reply) => replies.push(reply)).push(Buffer.concat(values.map(encodeReply)));
  expect(replies).toEqual(values);
});

test("every single reply has a text", () => {
  const single = [
    null,
    7,
    9007199254740993n,
    Buffer.from("ä"),
    new RespStatus("OK"),
    new RespError("ERR x"),
  ];
  expect(single.map(textOf)).toEqual(["", "7", "9007199254740993", "ä", "OK", "ERR x"]);
});
