// fdfs_crc32 against the sample session (http-config-tools.md §7): hello.txt of 14 bytes has e10ba5d.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runLegacy } from "../../../../cmd/legacy/crc32.ts";
import { recordedContext } from "../context.ts";

const folder = mkdtempSync(join(tmpdir(), "fdfs-crc-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function crcOf(content: string): Promise<string> {
  const path = join(folder, "file");
  writeFileSync(path, content);
  const context = recordedContext();
  expect(await runLegacy(["fdfs_crc32", path], context)).toBe(0);
  return context.out();
}

test("lower-case hexadecimal without leading zeros", async () => {
  expect(await crcOf("hello fastdfs\n")).toBe("e10ba5d\n");
  expect(await crcOf("")).toBe("0\n");
});

test("a file that is not there: errno as exit status, text on stdout", async () => {
  const context = recordedContext();
  expect(await runLegacy(["fdfs_crc32", "/nosuch/file"], context)).toBe(2);
  expect(context.out()).toBe("open file /nosuch/file fail, errno: 2, error info: No such file or directory\n");
});

test("no argument: usage, 1", async () => {
  const context = recordedContext();
  expect(await runLegacy(["/usr/bin/fdfs_crc32"], context)).toBe(1);
  expect(context.out()).toBe("Usage: /usr/bin/fdfs_crc32 <filename>\n");
});
