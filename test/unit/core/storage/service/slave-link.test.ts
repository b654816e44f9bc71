// store_slave_file_use_link (trunk-dedup-recovery.md §1.11): a slave is a link to a file with a name of its own.

import { afterEach, expect, test } from "bun:test";
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { decodeResponse } from "../../../../../core/wire/command.ts";
import * as command from "../../../../../core/wire/storage-client.ts";
import { type Client, Errno, Harness, request } from "./harness.ts";

const HOST = "127.0.0.74";
const GROUP = "group1";

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.stop();
  harness = undefined;
});

async function start(): Promise<{ client: Client; h: Harness }> {
  const h = await Harness.start(HOST, { slaveFilesUseLink: true });
  harness = h;
  return { client: await h.client(), h };
}

async function master(client: Client): Promise<string> {
  const answer = await client.ask(
    request(command.uploadFile, { storePathIndex: 0, fileSize: 6, fileExt: "jpg" }, "master"),
  );
  return decodeResponse(command.uploadFile, answer.body).fileName;
}

const slaveOf = (masterName: string, content: string) =>
  request(command.uploadSlaveFile, { masterName, fileSize: content.length, prefix: "_50", fileExt: "jpg" }, content);

test("the content has a name of its own; both names are recorded, whole", async () => {
  const { client, h } = await start();
  const masterName = await master(client);
  const answer = await client.ask(slaveOf(masterName, "small"));
  expect(answer.status).toBe(Errno.OK);
  const { fileName: slave } = decodeResponse(command.uploadSlaveFile, answer.body);
  expect(slave).toBe(masterName.replace(".jpg", "_50.jpg"));
  expect(lstatSync(h.path(slave)).isSymbolicLink()).toBe(true);
  const [created, linked] = h.records().slice(-2);
  const hidden = created!.split(" ")[2]!;
  expect(readlinkSync(h.path(slave))).toBe(h.path(hidden));
  expect(created!.slice(11)).toBe(`C ${hidden}`);
  // C leaves the link's name out, and its own copying stops there.
  expect(linked!.slice(11)).toBe(`L ${slave} ${hidden}`);
  const download = request(command.downloadFile, { offset: 0, byteCount: 0, groupName: GROUP, fileName: slave });
  expect((await client.ask(download)).body.toString()).toBe("small");
});

test("a second slave of the same name is refused and leaves nothing behind", async () => {
  const { client, h } = await start();
  const masterName = await master(client);
  expect(await client.status(slaveOf(masterName, "small"))).toBe(Errno.OK);
  const before = h.files().length;
  expect(await client.status(slaveOf(masterName, "other"))).toBe(Errno.EEXIST);
  expect(h.files().length).toBe(before);
});

test("deleting the slave deletes its content, too", async () => {
  const { client, h } = await start();
  const answer = await client.ask(slaveOf(await master(client), "small"));
  const { fileName } = decodeResponse(command.uploadSlaveFile, answer.body);
  const hidden = h.records().at(-2)!.split(" ")[2]!;
  expect(await client.status(request(command.deleteFile, { groupName: GROUP, fileName }))).toBe(Errno.OK);
  expect([fileName, hidden].map((name) => existsSync(h.path(name)))).toEqual([false, false]);
  expect(
    h
      .records()
      .slice(-2)
      .map((line) => line.slice(11)),
  ).toEqual([`D ${hidden}`, `D ${fileName}`]);
});
