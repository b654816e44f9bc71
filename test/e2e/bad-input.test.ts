// Bad input to a running tracker and storage. Each test names the answer that a client gets, and after each one the
// server is asked for a correct upload and download: it must still serve.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeRequest } from "../../core/wire/command.ts";
import { encodeHeader } from "../../core/wire/header.ts";
import {
  appendFile,
  deleteFile,
  downloadFile,
  getMetadata,
  queryFileInfo,
  uploadFile,
  uploadSlaveFile,
} from "../../core/wire/storage-client.ts";
import { queryFetchOne, queryStoreWithGroupOne } from "../../core/wire/tracker-query.ts";
import type { Cluster } from "../interop/clusters/cluster.ts";
import { startCluster } from "../interop/clusters/start-cluster.ts";
import { exchange, packet, statusOf } from "./support/raw.ts";
import { fdfs, until } from "./support/run.ts";

const ENOENT = 2;
const EINVAL = 22;
const ENOSPC = 28;

let cluster: Cluster;
let known: string;
const storage = () => cluster.storages[0]!;
const toStorage = (bytes: Uint8Array, wanted?: number) => exchange(storage().host, storage().port, bytes, wanted);
const toTracker = (bytes: Uint8Array, wanted?: number) =>
  exchange(cluster.trackerHost, cluster.trackerPort, bytes, wanted);

const upload = (content: string): Buffer =>
  Buffer.concat([
    encodeRequest(
      uploadFile,
      { storePathIndex: -1, fileSize: content.length, fileExt: "txt" },
      { streamLength: content.length },
    ),
    Buffer.from(content),
  ]);

async function uploadOne(content: string): Promise<string> {
  const answer = await toStorage(upload(content), 70);
  expect(statusOf(answer)).toBe(0);
  return answer.bytes.subarray(26).toString();
}

const download = (fileName: string, groupName = "group1", offset = 0, byteCount = 0): Uint8Array =>
  encodeRequest(downloadFile, { offset, byteCount, groupName, fileName });

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

beforeAll(async () => {
  cluster = await startCluster("fdfs", "fdfs");
  known = await uploadOne("known content");
});

afterAll(() => cluster.stop());

afterEach(async () => {
  const name = await uploadOne("still serving");
  const answer = await toStorage(download(name), 23);
  expect(answer.bytes.subarray(10).toString()).toBe("still serving");
  expect(statusOf(await toTracker(encodeRequest(queryStoreWithGroupOne, { groupName: "group1" }), 50))).toBe(0);
});

describe("frames a storage cannot use", () => {
  test("a body too short for its command answers 22 and closes", async () => {
    const answer = await toStorage(packet(uploadFile.number, Buffer.alloc(14)));
    expect([statusOf(answer), answer.bytes.length, answer.closed]).toEqual([EINVAL, 10, true]);
  });

  test("a body length that does not match the size inside answers 22", async () => {
    const request = upload("abc");
    request[7]! += 1;
    expect(statusOf(await toStorage(request, 10))).toBe(EINVAL);
  });

  test("a negative body length is closed without an answer", async () => {
    const answer = await toStorage(encodeHeader({ bodyLength: -5, command: uploadFile.number, status: 0 }));
    expect([answer.bytes.length, answer.closed]).toEqual([0, true]);
  });

  test("a negative file size answers 22", async () => {
    const request = packet(
      uploadFile.number,
      Buffer.concat([Buffer.from([0xff]), Buffer.alloc(8, 0xff), Buffer.alloc(6)]),
    );
    expect(statusOf(await toStorage(request, 10))).toBe(EINVAL);
  });

  test("a huge body length for a small command answers 22 at once", async () => {
    const answer = await toStorage(encodeHeader({ bodyLength: 2 ** 52, command: deleteFile.number, status: 0 }));
    expect([statusOf(answer), answer.closed]).toEqual([EINVAL, true]);
  });

  test("an unknown command answers 22 and closes", async () => {
    const answer = await toStorage(packet(0xa8, Buffer.alloc(0)));
    expect([statusOf(answer), answer.closed]).toEqual([EINVAL, true]);
  });

  test("a frame cut off by a vanishing client leaves no file behind", async () => {
    const before = filesBelow(storage().storePaths[0]!).length;
    const size = 3_000_000;
    const head = encodeRequest(
      uploadFile,
      { storePathIndex: -1, fileSize: size, fileExt: "bin" },
      { streamLength: size },
    );
    await new Promise<void>((resolve, reject) => {
      const socket = net.connect(storage().port, storage().host, () => {
        socket.write(Buffer.concat([head, Buffer.alloc(1_500_000, 1)]), () => socket.destroy());
      });
      socket.on("close", () => resolve());
      socket.on("error", reject);
    });
    await until("the partial file is gone", () => filesBelow(storage().storePaths[0]!).length === before);
  });
});

describe("names a storage refuses", () => {
  const refused: [title: string, name: string][] = [
    [".. in the place of a directory", "M00/../../etc/passwd-and-some-more-characters"],
    [".. behind the directories", "M00/00/00/../../../../../etc/passwd-abcdefgh"],
    ["a further slash", "M00/00/00/fwAASGsBFO6AamkEAAAADg4Qul0/13.txt"],
    ["lower-case directories", "M00/0a/0b/fwAASGsBFO6AamkEAAAADg4Qul0613.txt"],
    ["an unknown store path", "M07/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt"],
    ["a store path that is not hexadecimal", "MZZ/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt"],
    ["ten characters", "M00/00/00/"],
    ["an absolute path", "/etc/passwd/and/more/characters/to/be/long/en"],
  ];
  for (const [title, name] of refused) {
    test(`${title} answers 22`, async () => {
      expect(statusOf(await toStorage(download(name), 10))).toBe(EINVAL);
      expect(statusOf(await toStorage(encodeRequest(deleteFile, { groupName: "group1", fileName: name }), 10))).toBe(
        EINVAL,
      );
      expect(statusOf(await toStorage(encodeRequest(getMetadata, { groupName: "group1", fileName: name }), 10))).toBe(
        EINVAL,
      );
      expect(statusOf(await toStorage(encodeRequest(queryFileInfo, { groupName: "group1", fileName: name }), 10))).toBe(
        EINVAL,
      );
    });
  }

  test("a name of 128 characters answers 22", async () => {
    const masterName = `M00/00/00/${"a".repeat(118)}`;
    const request = encodeRequest(uploadSlaveFile, { fileSize: 0, prefix: "_s", fileExt: "txt", masterName });
    expect(statusOf(await toStorage(request, 10))).toBe(EINVAL);
  });

  test("a missing file answers 2 and the connection stays open", async () => {
    const missing = "M00/00/00/fwAASGsBFO6AamkEAAAADg4Qul0613.txt";
    const answer = await toStorage(Buffer.concat([download(missing), download(known)]), 33);
    expect(statusOf(answer)).toBe(ENOENT);
    expect(answer.bytes.subarray(20).toString()).toBe("known content");
  });
});

describe("groups, paths, sizes", () => {
  test("another group's name answers 22", async () => {
    expect(statusOf(await toStorage(download(known, "group2"), 10))).toBe(EINVAL);
  });

  test("a group of 17 bytes shifts the name and answers 22", async () => {
    const body = Buffer.concat([Buffer.alloc(16), Buffer.from("g".repeat(17)), Buffer.from(known)]);
    expect(statusOf(await toStorage(packet(downloadFile.number, body), 10))).toBe(EINVAL);
  });

  test("an upload to store path 9 answers 22", async () => {
    const request = Buffer.concat([
      encodeRequest(uploadFile, { storePathIndex: 9, fileSize: 1, fileExt: "" }, { streamLength: 1 }),
      Buffer.from("x"),
    ]);
    expect(statusOf(await toStorage(request, 10))).toBe(EINVAL);
  });

  test("an extension with a slash answers 22", async () => {
    const request = Buffer.concat([
      encodeRequest(uploadFile, { storePathIndex: -1, fileSize: 1, fileExt: "a/b" }, { streamLength: 1 }),
      Buffer.from("x"),
    ]);
    expect(statusOf(await toStorage(request, 10))).toBe(EINVAL);
  });

  test("a zero-byte file is stored, has size 0, and its download answers 22 as C's", async () => {
    const name = await uploadOne("");
    const info = await toStorage(encodeRequest(queryFileInfo, { groupName: "group1", fileName: name }), 50);
    expect([statusOf(info), info.bytes.readBigInt64BE(10)]).toEqual([0, 0n]);
    expect(statusOf(await toStorage(download(name), 10))).toBe(EINVAL);
  });

  test("an offset at or past the end answers 22, a length past the end is clipped", async () => {
    expect(statusOf(await toStorage(download(known, "group1", 13), 10))).toBe(EINVAL);
    expect(statusOf(await toStorage(download(known, "group1", -1), 10))).toBe(EINVAL);
    expect((await toStorage(download(known, "group1", 6, 1000), 17)).bytes.subarray(10).toString()).toBe("content");
  });

  test("appending to a file that is no appender answers 22", async () => {
    const request = Buffer.concat([
      encodeRequest(appendFile, { byteCount: 1, fileName: known }, { streamLength: 1 }),
      Buffer.from("x"),
    ]);
    expect(statusOf(await toStorage(request, 10))).toBe(EINVAL);
  });
});

describe("frames a tracker cannot use", () => {
  test("a wrong length answers 22 and the connection stays open", async () => {
    const request = packet(queryStoreWithGroupOne.number, Buffer.alloc(15));
    const answer = await toTracker(
      Buffer.concat([request, encodeRequest(queryStoreWithGroupOne, { groupName: "group1" })]),
      60,
    );
    expect([statusOf(answer), answer.bytes[19]]).toEqual([EINVAL, 0]);
  });

  test("negative and huge lengths are closed without an answer", async () => {
    for (const bodyLength of [-1, 2 ** 40]) {
      const answer = await toTracker(encodeHeader({ bodyLength, command: 101, status: 0 }));
      expect([answer.bytes.length, answer.closed]).toEqual([0, true]);
    }
  });

  test("an unknown command answers 22, an unknown group 2", async () => {
    expect(statusOf(await toTracker(packet(0xa8, Buffer.alloc(0)), 10))).toBe(EINVAL);
    expect(statusOf(await toTracker(encodeRequest(queryStoreWithGroupOne, { groupName: "nosuch" }), 10))).toBe(ENOENT);
    expect(statusOf(await toTracker(encodeRequest(queryFetchOne, { groupName: "nosuch", fileName: known }), 10))).toBe(
      ENOENT,
    );
  });
});

describe("disks", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fdfs-disk-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const mounted = (path: string): boolean =>
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", path]).status === 0;

  const probe = mkdtempSync(join(tmpdir(), "fdfs-mount-"));
  const canMount = mounted(probe);
  if (canMount) spawnSync("umount", [probe]);
  rmSync(probe, { recursive: true, force: true });

  test.skipIf(!canMount)(
    "a full store path answers 28 and keeps what it had (skipped where mount is not allowed)",
    async () => {
      const path = join(folder, "small");
      mkdirSync(path);
      expect(mounted(path)).toBe(true);
      const small = await startCluster("fdfs", "fdfs", {
        extraTrackerConf: "reserved_storage_space = 1MB",
        extraStorageConf: `store_path0 = ${path}`,
      });
      try {
        const { host, port } = small.storages[0]!;
        const kept = (await exchange(host, port, upload("kept"), 70)).bytes.subarray(26).toString();
        const size = 40_000_000;
        const head = encodeRequest(
          uploadFile,
          { storePathIndex: -1, fileSize: size, fileExt: "bin" },
          { streamLength: size },
        );
        expect(statusOf(await exchange(host, port, Buffer.concat([head, Buffer.alloc(size)]), 10))).toBe(ENOSPC);
        expect((await exchange(host, port, download(kept), 14)).bytes.subarray(10).toString()).toBe("kept");
        expect(statusOf(await exchange(host, port, upload("more"), 70))).toBe(0);
      } finally {
        await small.stop();
        spawnSync("umount", [path]);
      }
    },
  );

  test("a missing store path stops the start with a sentence that names it", async () => {
    const conf = join(folder, "missing.conf");
    writeFileSync(
      conf,
      `group_name = group1\nbase_path = ${folder}\nstore_path0 = ${folder}/nowhere\nport = 1\nbind_addr = 127.0.0.9\ntracker_server = ${cluster.trackerHost}:${cluster.trackerPort}\n`,
    );
    const result = await fdfs(["storage", "--conf", conf]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`${folder}/nowhere`);
  });

  test("an unreadable configuration file is named, exit status 1", async () => {
    const conf = join(folder, "nosuch.conf");
    const result = await fdfs(["tracker", "--conf", conf]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(conf);
    const folderAsFile = join(folder, "folder.conf");
    mkdirSync(folderAsFile);
    chmodSync(folderAsFile, 0o000);
    const second = await fdfs(["storage", "--conf", folderAsFile]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(folderAsFile);
  });
});
