// RESP2 against the examples of the protocol's specification, whole, byte by byte and broken.

import { describe, expect, test } from "bun:test";
import { encodeRespCommand, type RespAnswer, RespDecoder } from "../../../../core/wire/resp.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

function decode(text: string, pieceSize: number): RespAnswer[] {
  const decoder = new RespDecoder();
  const answers: RespAnswer[] = [];
  const all = bytes(text);
  for (let at = 0; at < all.length; at += pieceSize) {
    decoder.push(all.subarray(at, at + pieceSize));
    for (let answer = decoder.next(); answer !== undefined; answer = decoder.next()) answers.push(answer);
  }
  return answers;
}

test("a command is an array of binary strings", () => {
  const packet = encodeRespCommand(["GET", Uint8Array.of(0, 1, 255), ""]);
  expect(Buffer.from(packet).toString("latin1")).toBe("*3\r\n$3\r\nGET\r\n$3\r\n\x00\x01\xff\r\n$0\r\n\r\n");
  expect(Buffer.from(encodeRespCommand(["é"])).toString("latin1")).toBe("*1\r\n$2\r\n\xc3\xa9\r\n");
});

describe("answers", () => {
  const cases: [text: string, answer: RespAnswer][] = [
    ["+OK\r\n", { kind: "text", text: "OK" }],
    ["-WRONGTYPE Operation against\r\n", { kind: "error", text: "WRONGTYPE Operation against" }],
    [":1000\r\n", { kind: "number", number: 1000 }],
    [":-1\r\n", { kind: "number", number: -1 }],
    ["$5\r\nhello\r\n", { kind: "bytes", bytes: bytes("hello") }],
    ["$4\r\n\r\n\x00\xff\r\n", { kind: "bytes", bytes: bytes("\r\n\x00\xff") }],
    ["$0\r\n\r\n", { kind: "bytes", bytes: new Uint8Array(0) }],
    ["$-1\r\n", { kind: "bytes", bytes: null }],
  ];
  const text = cases.map(([each]) => each).join("");
  for (const pieceSize of [1, 2, 3, 7, 1000]) {
    test(`in pieces of ${pieceSize}`, () => {
      expect(decode(text, pieceSize)).toEqual(cases.map(([, answer]) => answer));
    });
  }

  for (const wrong of [
    "*1\r\n",
    "HTTP/1.1 400\r\n",
    ":x\r\n",
    ":\r\n",
    "$-2\r\n",
    "$9999999999\r\n",
    "+OK\n",
    "\r\n",
  ]) {
    test(`${JSON.stringify(wrong)} is refused`, () => expect(() => decode(wrong, 1000)).toThrow("Cannot use"));
  }

  test("a line without an end is not collected for ever", () => {
    expect(() => decode("+".padEnd(100_000, "x"), 10_000)).toThrow("end of line");
  });
});
