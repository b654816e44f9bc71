// Two workers of one group: the second is asked for files that only the first has. Which questions go on, what comes back,
// who is never asked for, and that nothing stays open or stored.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { unlinkSync } from "node:fs";
import { downloadFile, getMetadata, queryFileInfo } from "../../../../../core/wire/storage-client.ts";
import { reportServerId } from "../../../../../core/wire/storage-sync.ts";
import { type Client, Errno, Harness, request, until } from "./harness.ts";

const MB = 1024 * 1024;
const HAS = "127.0.31.1";
const LACKS = "127.0.31.2";
const ACTIVE = 7;
const groupName = "group1";
let serial = 0;
let has: Harness;
let lacks: Harness;
let client: Client;

function publish(to: Harness, ownId: string, extra: readonly object[] = []): void {
  const members = [has, lacks].map(({ config }) => {
    const { hostname, port } = config.listen[0]!;
    return { id: hostname, ipAddress: hostname, port, status: ACTIVE };
  });
  to.scoreboard.publish("members", JSON.stringify({ ownId, members: [...members, ...extra] }));
}

beforeAll(async () => {
  const readThrough = true;
  has = await Harness.start(HAS, { readThrough });
  lacks = await Harness.start(LACKS, { readThrough });
  publish(has, HAS);
  publish(lacks, LACKS);
  client = await lacks.client();
});
afterAll(async () => {
  await lacks.stop();
  await has.stop();
});

/** A name of its own each time: one that was missed is remembered. */
const freshName = (tail = ".txt"): string =>
  `M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0${String(++serial).padStart(3, "0")}${tail}`;
const download = (fileName: string, offset = 0, byteCount = 0): Buffer =>
  request(downloadFile, { offset, byteCount, groupName, fileName });
const info = (fileName: string, flags = 0): Buffer => request(queryFileInfo, { groupName, fileName }, "", flags);
const metadata = (fileName: string): Buffer => request(getMetadata, { groupName, fileName });

describe("what only another storage has", () => {
  for (const size of [1, 5000, 300_000, 20 * MB]) {
    test(`${size} bytes`, async () => {
      const content = randomBytes(size);
      const name = freshName();
      has.place(name, content);
      const answer = await client.ask(download(name));
      expect(answer.status).toBe(Errno.OK);
      expect(Buffer.compare(answer.body, content)).toBe(0);
      expect(lacks.files()).toEqual([]);
    });
  }

  test("a part of it; an offset behind its end is 22 as at home", async () => {
    const name = freshName();
    has.place(name, "hello fastdfs\n");
    expect((await client.ask(download(name, 6, 4))).body.toString()).toBe("fast");
    const one = await lacks.client();
    expect(await one.status(download(name, 14, 0))).toBe(Errno.EINVAL);
  });

  test("twenty requests in one write", async () => {
    const name = freshName();
    has.place(name, "hello fastdfs\n");
    client.write(Buffer.concat(Array.from({ length: 20 }, (_, index) => download(name, index % 14, 1))));
    for (let index = 0; index < 20; index++) {
      expect((await client.answer())?.body.toString()).toBe("hello fastdfs\n"[index % 14]!);
    }
  });

  test("its facts and its metadata", async () => {
    const name = freshName();
    has.place(name, "hello fastdfs\n", 1_700_000_000);
    has.place(`${name}-m`, "a\x02b");
    const here = await (await has.client()).ask(info(name));
    expect(await client.ask(info(name))).toEqual(here);
    expect((await client.ask(info(name, 3))).status).toBe(Errno.OK);
    expect((await client.ask(metadata(name))).body.toString()).toBe("a\x02b");
    expect((await client.ask(download(`${name}-m`))).body.toString()).toBe("a\x02b");
  });

  test("counts as a download", async () => {
    const name = freshName();
    has.place(name, randomBytes(1000));
    const before = lacks.scoreboard.totals();
    await client.ask(download(name));
    await until("it is counted", () => {
      const after = lacks.scoreboard.totals();
      return (
        after.successDownloadCount === before.successDownloadCount + 1 &&
        after.successDownloadBytes === before.successDownloadBytes + 1000
      );
    });
  });
});

describe("what is not asked for elsewhere", () => {
  test("metadata of a file that is here", async () => {
    const name = freshName();
    has.place(name, "x");
    has.place(`${name}-m`, "a\x02b");
    lacks.place(name, "x");
    expect(await client.status(metadata(name))).toBe(Errno.ENOENT);
    expect(await client.status(download(`${name}-m`))).toBe(Errno.ENOENT);
    unlinkSync(lacks.path(name));
  });

  test("anything that a storage asks for", async () => {
    const name = freshName();
    has.place(name, "x");
    const peer = await lacks.client();
    expect(await peer.status(request(reportServerId, { storageId: "127.0.31.9" }))).toBe(Errno.OK);
    for (const packet of [download(name), info(name), metadata(name)]) {
      expect(await peer.status(packet)).toBe(Errno.ENOENT);
    }
    expect(await client.status(download(name))).toBe(Errno.OK);
  });

  test("facts that a C storage asks for before it sends the file, without saying that it is one", async () => {
    const name = freshName();
    has.place(name, "x");
    expect(await client.status(info(name, 1))).toBe(Errno.ENOENT);
    expect(await client.status(info(name))).toBe(Errno.OK);
  });

  test("a file that this storage knows to be deleted", async () => {
    const name = freshName();
    has.place(name, "x");
    lacks.scoreboard.versions.note(name, { timestamp: 1_800_000_000, isDeleted: true, origin: 2 });
    expect(await client.status(download(name))).toBe(Errno.ENOENT);
  });

  test("a name that nobody had a moment ago", async () => {
    const name = freshName();
    expect(await client.status(download(name))).toBe(Errno.ENOENT);
    has.place(name, "x");
    expect(await client.status(download(name))).toBe(Errno.ENOENT);
    const started = Date.now();
    while ((await client.status(download(name))) !== Errno.OK) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(Date.now() - started).toBeGreaterThan(1000);
  });

  test("but a file without metadata, or asked for behind its end, is still found", async () => {
    const name = freshName();
    has.place(name, "hello fastdfs\n");
    expect(await client.status(metadata(name))).toBe(Errno.ENOENT);
    expect(await (await lacks.client()).status(download(name, 14))).toBe(Errno.EINVAL);
    expect(await client.status(download(name))).toBe(Errno.OK);
  });

  test("bad names, and other groups", async () => {
    for (const fileName of [
      "M00/00/../fwAASGsBFUGAfoSXAAAADg4Qul0701.txt",
      "M09/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt",
    ]) {
      expect(await (await lacks.client()).status(download(fileName))).toBe(Errno.EINVAL);
    }
    const other = request(downloadFile, { offset: 0, byteCount: 0, groupName: "group2", fileName: freshName() });
    expect(await (await lacks.client()).status(other)).toBe(Errno.EINVAL);
  });
});

describe("trouble", () => {
  test("a replica that does not listen is passed over, and left alone for a while", async () => {
    publish(lacks, LACKS, [{ id: "127.0.0.72", ipAddress: "127.0.31.3", port: 9, status: ACTIVE }]);
    const name = freshName();
    has.place(name, "x");
    expect(await client.status(download(name))).toBe(Errno.OK);
    expect(await client.status(download(freshName()))).toBe(Errno.ENOENT);
    publish(lacks, LACKS);
  });

  test("a client that leaves in the middle: the other storage is let go, and the next one is served", async () => {
    const content = randomBytes(40 * MB);
    const name = freshName();
    has.place(name, content);
    const open = lacks.scoreboard.connections.current;
    for (let round = 0; round < 5; round++) {
      const one = await lacks.client();
      one.socket.pause();
      const before = lacks.scoreboard.totals().totalDownloadCount;
      one.write(download(name));
      await until("it has begun", () => lacks.scoreboard.totals().totalDownloadCount > before);
      one.destroy();
    }
    await until("all are gone", () => lacks.scoreboard.connections.current === open);
    // At most the one kept for the next question.
    await until("the other is let go", () => has.scoreboard.connections.current <= 2);
    expect(Buffer.compare((await client.ask(download(name))).body, content)).toBe(0);
  });

  test("more than 64 at a time are told that the file is missing; all places are free afterwards", async () => {
    const name = freshName();
    has.place(name, randomBytes(4 * MB));
    const all = await Promise.all(Array.from({ length: 70 }, () => lacks.client()));
    const statuses = all.map((one) => {
      one.socket.pause();
      one.write(download(name));
      return one.answer();
    });
    const busy = await lacks.client();
    await until("as many as may are under way", () => has.scoreboard.connections.current >= 64);
    expect(await busy.status(download(name))).toBe(Errno.ENOENT);
    for (const one of all) one.socket.resume();
    const answers = await Promise.all(statuses);
    expect(answers.filter((answer) => answer?.status === Errno.OK).length).toBe(64);
    expect(answers.filter((answer) => answer?.status === Errno.ENOENT).length).toBe(6);
    for (const one of all) one.destroy();
    expect(await busy.status(download(name))).toBe(Errno.OK);
  }, 20_000);
});
