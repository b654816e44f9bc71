// Lists of unknown length from a source: whole only with their trailer (trunk-dedup-recovery.md §3.3).

import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fetchList, type SourceHelp } from "../../../../../core/storage/recovery/source-link.ts";
import { encodeHeader } from "../../../../../core/wire/header.ts";
import { fetchOnePathBinlog } from "../../../../../core/wire/storage-sync.ts";
import { Disk } from "./folder.ts";
import { openAnswer, Source } from "./source.ts";

let disk: Disk;
let source: Source;
const path = (): string => join(disk.folder, "list");
const help: SourceHelp = {
  linkOptions: { localAddresses: [], connectTimeoutMs: 1000, networkTimeoutMs: 1000 },
  groupName: "group1",
  ownId: "me",
  signal: new AbortController().signal,
};
const fetch = (): Promise<number> => fetchList(source.candidate, fetchOnePathBinlog, 0, path(), help);
beforeEach(async () => {
  disk = new Disk();
  source = await new Source("a").start();
});
afterEach(async () => {
  await source.close();
  disk.remove();
});

test("lines, trailer, close", async () => {
  for (const text of ["", "1795233197 C M00/00/00/x\n", "y".repeat(3_000_000)]) {
    source.binlog = openAnswer(text);
    expect(await fetch()).toBe(text.length);
    expect(readFileSync(path(), "latin1")).toBe(text);
  }
});
test("as C sends it, byte for byte", async () => {
  const head = Buffer.from("04000000000000006400", "hex");
  const text = "1795233197 C M00/00/00/a\n";
  source.binlog = Buffer.concat([head, Buffer.from(text), Buffer.from("0000000000000019", "hex")]);
  expect(await fetch()).toBe(25);
});
test("one that closes behind the header, in the middle, or with another number", async () => {
  const head = encodeHeader({ bodyLength: 2 ** 58, command: 100, status: 0 });
  for (const answer of [
    head,
    Buffer.concat([head, Buffer.from("1 C M00")]),
    openAnswer("abc\n", 5),
    openAnswer("abc\n").subarray(0, -1),
  ]) {
    source.binlog = Buffer.from(answer);
    await expect(fetch()).rejects.toThrow("without saying that it is whole");
  }
});
test("a refusal", async () => {
  await expect(fetch()).rejects.toThrow("Invalid argument (22)");
});
