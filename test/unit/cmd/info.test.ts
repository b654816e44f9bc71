// What `info --local` reads out of IDs: names captured from C storages (http-config-tools.md §7).

import { expect, test } from "bun:test";
import { run } from "../../../cmd/info.ts";
import { recordedContext } from "./context.ts";

const normal = "group1/M00/00/00/fwAAXWsBFRyAdnvdAAAADg4Qul0106.txt";
const appender = "group1/M00/00/00/fwAAXWsBFRyEFrskAAAAAA4Qul0020.txt";

test("a normal file tells size and checksum, an appender neither", async () => {
  const context = recordedContext({ args: [normal, appender], options: { local: true, json: true } });
  expect(await run(context)).toBe(0);
  const createdAt = 0x6b01151c;
  expect(JSON.parse(context.out())).toEqual([
    {
      id: normal,
      type: "normal",
      size: 14,
      crc32: 235977309,
      createdAt,
      sourceIp: "127.0.0.93",
      sourceId: 0,
      fromServer: false,
    },
    { id: appender, type: "appender", createdAt, sourceIp: "127.0.0.93", sourceId: 0, fromServer: false },
  ]);
});

test("a word that is no ID fails, the others go on", async () => {
  const context = recordedContext({ args: ["badid", normal], options: { local: true } });
  expect(await run(context)).toBe(1);
  expect(context.err()).toContain("badid");
  expect(context.out()).toStartWith(`${normal}\n  type     normal\n  size     14 bytes\n`);
});
