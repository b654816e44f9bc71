// Whose word the free space of a storage is, by its files.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mapOwnerOf } from "../../../../../../core/storage/trunk/audit/map-owner.ts";
import { StorageFolder } from "./storage-folder.ts";

let storage: StorageFolder;
const write = (path: string, text: string): void => writeFileSync(join(storage.basePath, path), text);

beforeEach(() => {
  storage = new StorageFolder();
  write("data/.data_init_flag", "last_ip_addr=10.0.0.1,192.168.0.1\nlast_server_port=23000\n");
});
afterEach(() => storage.remove());

test("nothing is known", () => {
  expect(mapOwnerOf(storage.basePath)).toEqual({ owner: "unknown", server: "" });
});

test("the storage that was announced last: this one by its address, or a peer by its mark", () => {
  write("data/sync/10.0.0.2_23000.mark", "");
  write("data/.fdfs-trunk-server", "10.0.0.1\n");
  expect(mapOwnerOf(storage.basePath)).toEqual({ owner: "here", server: "10.0.0.1" });
  write("data/.fdfs-trunk-server", "10.0.0.2\n");
  expect(mapOwnerOf(storage.basePath)).toEqual({ owner: "elsewhere", server: "10.0.0.2" });
});

test("with storage ids it is the one that no peer has", () => {
  write("data/sync/100002.mark", "");
  write("data/.fdfs-trunk-server", "100002\n");
  expect(mapOwnerOf(storage.basePath).owner).toBe("elsewhere");
  write("data/.fdfs-trunk-server", "100001\n");
  expect(mapOwnerOf(storage.basePath).owner).toBe("here");
});

test("a C storage that was trunk server has marks of copies, or a snapshot", () => {
  write("data/trunk/10.0.0.2_23000.mark", "binlog_offset=0\n");
  expect(mapOwnerOf(storage.basePath)).toEqual({ owner: "here", server: "" });
});
