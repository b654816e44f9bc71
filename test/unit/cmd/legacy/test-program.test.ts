// The test programs' texts against the protocol document (http-config-tools.md §3.2, §4.2, §7).

import { expect, test } from "bun:test";
import { BANNER, fileBlock, fileUrl, mannerOf, tokenFor } from "../../../../cmd/legacy/test-program.ts";
import { clientDefaults } from "../../../../conf/index.ts";
import { at } from "../render/fixtures.ts";

const name = "M00/00/00/fwAAXWsBFWaANqKkAAAADg4Qul0719.txt";

test("tokens are those the web module accepts", () => {
  expect(tokenFor(name, "FastDFS1234567890", 1795233157)).toBe("bc4123cf645034a30ae9d31b24932e78");
  expect(tokenFor(name, "FastDFS1234567890", 0)).toBe("4c87772c0a38645b9cb788f2f6c217e0");
});

test("URLs carry a token only where client.conf asks for it", () => {
  const settings = clientDefaults([]);
  expect(fileUrl("127.0.0.94", `group1/${name}`, settings)).toBe(`http://127.0.0.94/group1/${name}`);
  const guarded = { ...settings, antiStealCheckToken: true, antiStealSecretKey: "key" };
  expect(fileUrl("127.0.0.94", `group1/${name}`, guarded)).toMatch(/\.txt\?token=[0-9a-f]{32}&ts=\d+$/);
});

test("the block about a file", () => {
  const info = {
    type: "normal",
    size: 3000,
    createdAt: at("03:50:53"),
    crc32: 842788976,
    sourceIp: "127.0.0.94",
    sourceId: 0,
    fromServer: false,
  } as const;
  expect(fileBlock(info, { crc32: true })).toBe(
    "source ip address: 127.0.0.94\nfile timestamp=2026-11-21 03:50:53\nfile size=3000\nfile crc32=842788976\n",
  );
  expect(fileBlock(info, { crc32: false })).toEndWith("file size=3000\n");
});

test("the banner starts as C's and has as many lines: scripts skip them by number", () => {
  expect(BANNER).toStartWith("This is FastDFS client test program v6.16.1\n");
  expect(BANNER.split("\n").length - 1).toBe(9);
});

test("any other word than BUFF and CALLBACK means FILE", () => {
  expect([mannerOf("BUFF"), mannerOf("CALLBACK"), mannerOf("x"), mannerOf(undefined)].map((m) => m.name)).toEqual([
    "filebuff",
    "callback",
    "filename",
    "filename",
  ]);
});
