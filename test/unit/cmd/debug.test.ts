// `debug decode` on captured packets (tracker.md §10) and on bytes that are no packets.

import { expect, test } from "bun:test";
import { UsageError } from "../../../cmd/command.ts";
import { run } from "../../../cmd/debug.ts";
import { recordedContext } from "./context.ts";

const queryStoreDump = `> 00 00 00 00 00 00 00 00 65 00
< 00 00 00 00 00 00 00 28 64 00 67 72 6f 75 70 31
  00 00 00 00 00 00 00 00 00 00 31 32 37 2e 30 2e
  30 2e 35 32 00 00 00 00 00 00 00 00 00 00 00 57
  1d 00`;

test("a query and its answer, from standard input", async () => {
  const context = recordedContext({ args: ["decode"], input: queryStoreDump });
  expect(await run(context)).toBe(0);
  expect(context.out()).toBe(`101 QUERY_STORE_WITHOUT_GROUP_ONE  status 0  body 0 bytes

100 RESPONSE to QUERY_STORE_WITHOUT_GROUP_ONE  status 0  body 40 bytes
  groupName = "group1"
  ipAddress = "127.0.0.52"
  port = 22301
  storePathIndex = 0
`);
});

test("lists are numbered, json has the same fields", async () => {
  const hex = `> 00 00 00 00 00 00 00 10 6b 00 67 72 6f 75 70 31
  00 00 00 00 00 00 00 00 00 00
< 00 00 00 00 00 00 00 3f 64 00 67 72 6f 75 70 31
  00 00 00 00 00 00 00 00 00 00 31 32 37 2e 30 2e
  30 2e 35 32 00 00 00 00 00 00 00 00 00 00 00 57
  1d 31 32 37 2e 30 2e 30 2e 35 33 00 00 00 00 00
  00 00 00 00 00 00 57 1d 00`;
  const context = recordedContext({ args: ["decode", hex], options: { json: true } });
  expect(await run(context)).toBe(0);
  const packets = JSON.parse(context.out());
  expect(packets[0].fields).toEqual({ groupName: "group1" });
  expect(packets[1].fields.servers).toEqual([
    { ipAddress: "127.0.0.52", port: 22301 },
    { ipAddress: "127.0.0.53", port: 22301 },
  ]);
});

test("an error answer shows the errno's name", async () => {
  const context = recordedContext({ args: ["decode", "00000000000000006402"] });
  await run(context);
  expect(context.out()).toBe("100 RESPONSE  status 2 ENOENT  body 0 bytes\n");
});

test("an upload is decoded up to its content, cut dumps say so", async () => {
  const context = recordedContext({
    args: ["decode", "00000000000000130b00", "ff0000000000000004747874000000", "6162"],
  });
  await run(context);
  expect(context.out()).toBe(`11 UPLOAD_FILE  status 0  body 19 bytes
  storePathIndex = -1
  fileSize = 4
  fileExt = "txt"
  (2 bytes of content)
  ! only 17 of 19 body bytes are there
`);
});

test("a body that fits no layout is shown, not guessed at", async () => {
  const context = recordedContext({ args: ["decode", "00000000000000026500", "0000"] });
  await run(context);
  expect(context.out()).toContain("(2 bytes unexplained)");
});

test.each([["zz"], ["000"], ["0011"]])("%s is refused", async (text) => {
  expect(run(recordedContext({ args: ["decode", text] }))).rejects.toThrow(UsageError);
});
