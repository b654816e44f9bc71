// Commands 30 to 33 and TRUNK_STATUS over the wire: when they are refused, what they leave on the disk.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { trunkPaths } from "../../../../../../core/storage/trunk/role/paths.ts";
import { formatTrunkNotice } from "../../../../../../core/storage/trunk/trunk-notice.ts";
import { trunkStatus } from "../../../../../../core/wire/own-commands.ts";
import {
  trunkDeleteBinlogMarks,
  trunkGetBinlogSize,
  trunkSyncBinlog,
  trunkTruncateBinlogFile,
} from "../../../../../../core/wire/storage-sync.ts";
import { Errno, Harness, packet, request } from "../../service/harness.ts";

const LINES = "1795233112 D 0 0 0 1 67328 4126976\n1795233112 A 0 0 0 1 68096 4126208\n";
let worker: Harness;
beforeAll(async () => {
  worker = await Harness.start("127.0.93.41");
});
afterAll(() => worker.stop());

const ask = async (bytes: Buffer): Promise<{ status: number; body: Buffer }> => {
  const client = await worker.client();
  const answer = await client.ask(bytes);
  client.destroy();
  return answer;
};
const statusOf = async (bytes: Buffer): Promise<number> => (await ask(bytes)).status;
const size = async (): Promise<bigint> => (await ask(request(trunkGetBinlogSize, {}))).body.readBigInt64BE(0);
const tell = (isSelf: boolean, binlogMaxBackups = 0): void => {
  const server = { id: "10.0.0.9", ipAddress: "10.0.0.9", port: 23000 };
  worker.scoreboard.publish("trunk", formatTrunkNotice({ term: 1, isSelf, server, binlogMaxBackups }));
};
const lines = (text: string): Buffer => request(trunkSyncBinlog, { lines: Buffer.from(text) });
const binlog = (): string => readFileSync(trunkPaths(worker.folder).binlog, "utf8");

test("without trunk files everything is refused", async () => {
  expect(await statusOf(lines(LINES))).toBe(Errno.EINVAL);
  expect(await statusOf(request(trunkTruncateBinlogFile, {}))).toBe(Errno.EINVAL);
  expect(await statusOf(request(trunkDeleteBinlogMarks, {}))).toBe(Errno.EINVAL);
  expect(await statusOf(request(trunkGetBinlogSize, {}))).toBe(Errno.EINVAL);
});

test("the trunk server keeps its own", async () => {
  tell(true);
  expect(await statusOf(lines(LINES))).toBe(Errno.EINVAL);
  expect(await statusOf(request(trunkTruncateBinlogFile, {}))).toBe(Errno.EINVAL);
  expect(await statusOf(request(trunkDeleteBinlogMarks, {}))).toBe(Errno.EINVAL);
});

test("lines are appended as they are; what is no package of lines is refused", async () => {
  tell(false);
  expect(await statusOf(lines(LINES))).toBe(Errno.OK);
  expect(await statusOf(lines(""))).toBe(Errno.EINVAL);
  expect(await statusOf(lines("1795233112 D 0 0"))).toBe(Errno.EINVAL);
  expect(await statusOf(packet(30, Buffer.alloc(65_537, "\n")))).toBe(Errno.EINVAL);
  expect(binlog()).toBe(LINES);
  expect(await size()).toBe(BigInt(LINES.length));
  expect(await statusOf(packet(31, Buffer.from("x")))).toBe(Errno.EINVAL);
});

test("TRUNCATE and DELETE_BINLOG_MARKS", async () => {
  tell(false, 2);
  const { folder, snapshot } = trunkPaths(worker.folder);
  writeFileSync(snapshot, "0\n");
  writeFileSync(join(folder, "10.0.0.2_23000.mark"), "binlog_offset=18\n");
  expect(await statusOf(request(trunkTruncateBinlogFile, {}))).toBe(Errno.OK);
  expect(binlog()).toBe("");
  expect(existsSync(snapshot)).toBe(false);
  expect(readdirSync(folder).filter((name) => name.startsWith("binlog."))).toHaveLength(1);
  expect(await statusOf(request(trunkDeleteBinlogMarks, {}))).toBe(Errno.OK);
  expect(readdirSync(folder).some((name) => name.endsWith(".mark"))).toBe(false);
});

test("the state is told as it stands", async () => {
  worker.scoreboard.publish("trunk-status", '{"role":"other"}');
  const { status, body } = await ask(request(trunkStatus, {}));
  expect(status).toBe(Errno.OK);
  expect(body.toString()).toBe('{"role":"other"}');
});
