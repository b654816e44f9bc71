// The receiving side of replication: every case of storage.md §3 by answer, file, time and record.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { crc32 } from "node:zlib";
import { encodeBlock } from "../../../../../core/fileid/packed-block.ts";
import {
  reportServerId,
  syncAppendFile,
  syncCreateFile,
  syncCreateLink,
  syncDeleteFile,
  syncModifyFile,
  syncRenameFile,
  syncTruncateFile,
  syncUpdateFile,
} from "../../../../../core/wire/storage-sync.ts";
import { type Client, Errno, Harness, request, until } from "./harness.ts";

const groupName = "group1";
const TIME = 1_700_000_000;
let serial = 0;
/** A name that no other test uses. */
const fresh = (kind: "normal" | "appender" = "normal"): string =>
  `M01/01/03/fwAASGsBFe${kind === "normal" ? "CA" : "CE"}MIQ8AAAAAKaEx8Y${String(serial++).padStart(3, "0")}.log`;

/** The name that a regenerated file of this content gets. */
const nameOfContent = (content: string): string => {
  const block = encodeBlock([127, 0, 40, 7], TIME, "normal", content.length, crc32(content), serial++);
  return `M01/01/03/${block}${String(serial++).padStart(7, "0")}`;
};

let worker: Harness;
let client: Client;
beforeAll(async () => {
  worker = await Harness.start("127.0.40.7");
  client = await worker.client();
});
afterAll(() => worker.stop());

const copy = (
  command: typeof syncCreateFile,
  fileName: string,
  content: Uint8Array | string,
  status = 0,
  fileSize = content.length,
): Buffer => request(command, { fileSize, timestamp: TIME, groupName, fileName }, content, status);
const range = (
  command: typeof syncAppendFile,
  fileName: string,
  offset: number,
  content: Uint8Array | string,
): Buffer => request(command, { offset, byteCount: content.length, timestamp: TIME, groupName, fileName }, content);

describe("whole files (§3.2)", () => {
  for (const size of [0, 7, 300_000, 40_000_000]) {
    test(`${size} bytes that are not here yet`, async () => {
      const name = fresh();
      const content = randomBytes(size);
      expect(await client.ask(copy(syncCreateFile, name, content))).toEqual({
        status: 0,
        body: Buffer.alloc(0),
      });
      expect(Buffer.compare(readFileSync(worker.path(name)), content)).toBe(0);
      expect(worker.modifiedAt(name)).toBe(TIME);
      expect(worker.lastRecord()).toBe(`${TIME} c ${name}`);
    });
  }

  test("the same size is here: 17, untouched, recorded", async () => {
    const name = fresh();
    worker.place(name, "before!", 1000);
    expect(await client.status(copy(syncCreateFile, name, "content"))).toBe(Errno.EEXIST);
    expect([worker.content(name), worker.modifiedAt(name)]).toEqual(["before!", 1000]);
    expect(worker.lastRecord()).toBe(`${TIME} c ${name}`);
  });

  test("another size is here: overwritten", async () => {
    const name = fresh();
    worker.place(name, "before");
    expect(await client.status(copy(syncCreateFile, name, "content"))).toBe(Errno.OK);
    expect(worker.content(name)).toBe("content");
  });

  test("an update overwrites whatever the size", async () => {
    const name = fresh();
    worker.place(name, "before!");
    expect(await client.status(copy(syncUpdateFile, name, "content"))).toBe(Errno.OK);
    expect(worker.content(name)).toBe("content");
    expect(worker.lastRecord()).toBe(`${TIME} u ${name}`);
  });

  test("announced only: 17 and a record, whether the file is here or not", async () => {
    for (const [command, letter] of [
      [syncCreateFile, "c"],
      [syncUpdateFile, "u"],
    ] as const) {
      const name = fresh();
      expect(await client.status(copy(command, name, "", Errno.EEXIST, 5))).toBe(Errno.EEXIST);
      expect(worker.lastRecord()).toBe(`${TIME} ${letter} ${name}`);
      expect(existsSync(worker.path(name))).toBe(false);
    }
  });

  test("a source that vanishes leaves nothing and what was here stays", async () => {
    const name = fresh();
    worker.place(name, "before");
    const records = worker.records();
    const before = worker.files().length;
    const one = await worker.client();
    one.write(copy(syncUpdateFile, name, randomBytes(500_000)).subarray(0, 300_000));
    await until("the copy has begun", () => worker.files().length > before);
    one.destroy();
    await until("the temporary file is gone", () => worker.files().length === before);
    expect(worker.content(name)).toBe("before");
    expect(worker.records()).toEqual(records);
  });
});

describe("ranges (§3.4)", () => {
  for (const size of [5, 400_000]) {
    test(`append and modify of ${size} bytes, and the same again`, async () => {
      const name = fresh("appender");
      worker.place(name, "0123456789");
      const content = randomBytes(size);
      expect(await client.status(range(syncAppendFile, name, 10, content))).toBe(Errno.OK);
      expect(await client.status(range(syncAppendFile, name, 10, content))).toBe(Errno.EEXIST);
      expect(await client.status(range(syncModifyFile, name, 2, content))).toBe(Errno.OK);
      expect(await client.status(range(syncModifyFile, name, 2, content))).toBe(Errno.OK);
      const expected = Buffer.concat([Buffer.from("0123456789"), content]);
      content.copy(expected, 2);
      expect(Buffer.compare(readFileSync(worker.path(name)), expected)).toBe(0);
      expect(worker.modifiedAt(name)).toBe(TIME);
      expect(worker.records().slice(-3)).toEqual([
        `${TIME} a ${name} 10 ${size}`,
        `${TIME} m ${name} 2 ${size}`,
        `${TIME} m ${name} 2 ${size}`,
      ]);
    });
  }

  test("appends that arrive in the wrong order on two connections end right, with a full copy between", async () => {
    const name = fresh("appender");
    worker.place(name, "");
    const two = await worker.client();
    const [second, first] = await Promise.all([
      client.status(range(syncAppendFile, name, 5, "world")),
      two.status(range(syncAppendFile, name, 0, "hello")),
    ]);
    expect(first).toBe(Errno.OK);
    if (second === Errno.ENOENT) {
      expect(await client.status(copy(syncUpdateFile, name, "helloworld"))).toBe(Errno.OK);
      expect(await client.status(range(syncAppendFile, name, 5, "world"))).toBe(Errno.EEXIST);
    }
    expect(worker.content(name)).toBe("helloworld");
  });

  test("a full copy does not slip under an append that is under way", async () => {
    const name = fresh("appender");
    worker.place(name, "");
    const content = Buffer.alloc(500_000, 97);
    const slow = await worker.client();
    const bytes = range(syncAppendFile, name, 0, content);
    slow.write(bytes.subarray(0, 200_000));
    await until("the append has begun", () => lstatSync(worker.path(name)).size > 0);
    const full = client.status(copy(syncUpdateFile, name, Buffer.alloc(600_000, 98)));
    slow.write(bytes.subarray(200_000));
    expect((await slow.answer())?.status).toBe(Errno.OK);
    expect(await full).toBe(Errno.OK);
    expect(worker.content(name)).toBe("b".repeat(600_000));
    expect(worker.records().slice(-2)).toEqual([`${TIME} a ${name} 0 500000`, `${TIME} u ${name}`]);
  });

  test("an interrupted append is taken back", async () => {
    const name = fresh("appender");
    worker.place(name, "12345");
    const one = await worker.client();
    one.write(range(syncAppendFile, name, 5, Buffer.alloc(500_000, 97)).subarray(0, 300_000));
    await until("the append has begun", () => lstatSync(worker.path(name)).size > 5);
    one.destroy();
    await until("it is taken back", () => worker.content(name) === "12345");
  });
});

describe("the small ones", () => {
  test("delete does not touch the metadata (§3.3)", async () => {
    const name = fresh();
    worker.place(name, "x");
    worker.place(`${name}-m`, "a\x02b");
    const request17 = request(syncDeleteFile, {
      timestamp: TIME,
      groupName,
      fileName: name,
    });
    expect([await client.status(request17), await client.status(request17)]).toEqual([Errno.OK, Errno.ENOENT]);
    expect(worker.lastRecord()).toBe(`${TIME} d ${name}`);
    expect(existsSync(`${worker.path(name)}-m`)).toBe(true);
  });

  test("truncate from the source's size (§3.5), or from what an append that never came would have made", async () => {
    const name = fresh("appender");
    worker.place(name, "0123456789");
    const truncate = (oldSize: number): Promise<number> =>
      client.status(
        request(syncTruncateFile, {
          oldSize,
          newSize: 4,
          timestamp: TIME,
          groupName,
          fileName: name,
        }),
      );
    expect(await truncate(9)).toBe(Errno.EEXIST);
    const short = fresh("appender");
    worker.place(short, "01234567");
    const fields = { oldSize: 10, newSize: 4, timestamp: TIME, groupName, fileName: short };
    expect(await client.status(request(syncTruncateFile, fields))).toBe(Errno.OK);
    expect(worker.content(short)).toBe("0123");
    expect(await truncate(10)).toBe(Errno.OK);
    expect([worker.content(name), worker.modifiedAt(name)]).toEqual(["0123", TIME]);
    expect(worker.lastRecord()).toBe(`${TIME} t ${name} 10 4`);
  });

  test("rename keeps the file's time (§3.6)", async () => {
    const [oldName, newName] = [fresh("appender"), nameOfContent("x")];
    worker.place(oldName, "x", 1000);
    expect(
      await client.ask(
        request(syncRenameFile, {
          timestamp: TIME,
          groupName,
          newName,
          oldName,
        }),
      ),
    ).toEqual({ status: 0, body: Buffer.alloc(0) });
    expect([existsSync(worker.path(oldName)), worker.modifiedAt(newName)]).toEqual([false, 1000]);
  });

  test("a rename of a file that is not what the new name says is refused: the source sends the whole file", async () => {
    const [oldName, newName] = [fresh("appender"), nameOfContent("y")];
    worker.place(oldName, "x");
    const fields = { timestamp: TIME, groupName, newName, oldName };
    expect(await client.status(request(syncRenameFile, fields))).toBe(Errno.ENOENT);
    expect([existsSync(worker.path(oldName)), existsSync(worker.path(newName))]).toEqual([false, false]);
    expect(worker.lastRecord()).toBe(`${TIME} d ${oldName}`);
  });

  test("a link is made once, also before its source has come; the answer is 0 (§3.7)", async () => {
    const [linkName, sourceName] = [fresh(), fresh()];
    const create = (): Promise<number> =>
      client.status(
        request(syncCreateLink, {
          timestamp: TIME,
          groupName,
          linkName,
          sourceName,
        }),
      );
    expect(await create()).toBe(Errno.OK);
    expect(readlinkSync(worker.path(linkName))).toBe(worker.path(sourceName));
    worker.place(sourceName, "content");
    expect([await create(), await create()]).toEqual([Errno.OK, Errno.OK]);
    expect(readlinkSync(worker.path(linkName))).toBe(worker.path(sourceName));
  });
});

describe("late and repeated messages", () => {
  const deletion = (fileName: string, timestamp = TIME): Buffer =>
    request(syncDeleteFile, { timestamp, groupName, fileName });

  test("a deleted file does not come back, whatever is repeated", async () => {
    const name = fresh();
    expect(await client.status(copy(syncCreateFile, name, "content"))).toBe(Errno.OK);
    expect(await client.status(deletion(name))).toBe(Errno.OK);
    const records = worker.records().length;
    expect(await client.status(copy(syncCreateFile, name, "content"))).toBe(Errno.EEXIST);
    expect(await client.status(copy(syncUpdateFile, name, "content"))).toBe(Errno.EEXIST);
    expect(await client.status(range(syncAppendFile, name, 7, "more"))).toBe(Errno.EEXIST);
    expect(await client.status(range(syncModifyFile, name, 0, "m"))).toBe(Errno.EEXIST);
    expect(existsSync(worker.path(name))).toBe(false);
    expect(worker.records().length).toBe(records);
  });

  test("a deletion that comes before its file answers 2, is recorded once, and keeps the file away", async () => {
    const name = fresh();
    expect(await client.status(deletion(name))).toBe(Errno.ENOENT);
    expect(worker.lastRecord()).toBe(`${TIME} d ${name}`);
    const records = worker.records().length;
    expect(await client.status(deletion(name))).toBe(Errno.ENOENT);
    expect(await client.status(copy(syncCreateFile, name, "content"))).toBe(Errno.EEXIST);
    expect([existsSync(worker.path(name)), worker.records().length]).toEqual([false, records]);
  });

  test("of metadata the later change wins", async () => {
    const name = `${fresh()}-m`;
    const at = (timestamp: number, text: string): Buffer =>
      request(syncUpdateFile, { fileSize: text.length, timestamp, groupName, fileName: name }, text);
    expect(await client.status(at(2000, "b"))).toBe(Errno.OK);
    expect(await client.status(at(1000, "a"))).toBe(Errno.EEXIST);
    expect(worker.content(name)).toBe("b");
    expect(await client.status(deletion(name, 1500))).toBe(Errno.ENOENT);
    expect(worker.content(name)).toBe("b");
    expect(await client.status(deletion(name, 2000))).toBe(Errno.OK);
    expect(await client.status(at(1999, "c"))).toBe(Errno.EEXIST);
    expect(await client.status(at(3000, "d"))).toBe(Errno.OK);
    expect(worker.content(name)).toBe("d");
  });

  test("of metadata that two storages changed in one second the greater content wins, in either order", async () => {
    const [a, b] = [await worker.client(), await worker.client()];
    expect(await a.status(request(reportServerId, { storageId: "10.0.0.21" }))).toBe(Errno.OK);
    expect(await b.status(request(reportServerId, { storageId: "10.0.0.22" }))).toBe(Errno.OK);
    const update = (name: string, text: string): Buffer =>
      request(syncUpdateFile, { fileSize: 1, timestamp: 2000, groupName, fileName: name }, text);
    const [one, two] = [`${fresh()}-m`, `${fresh()}-m`];
    for (const packet of [update(one, "x"), update(two, "y")]) expect(await a.status(packet)).toBe(Errno.OK);
    expect(await b.status(update(one, "y"))).toBe(Errno.OK);
    expect(await b.status(update(two, "x"))).toBe(Errno.EEXIST);
    expect([worker.content(one), worker.content(two)]).toEqual(["y", "y"]);
  });
});

describe("how far a source has come (§7.5)", () => {
  test("counts on connections that said whose they are, for what arrived or was discarded", async () => {
    const one = await worker.client();
    const at = (command: typeof syncCreateFile, timestamp: number, fileName: string): Promise<number> =>
      one.status(request(command, { fileSize: 1, timestamp, groupName, fileName }, "x"));
    const received = (): number => worker.scoreboard.receivedFrom("10.0.0.9");
    expect(await at(syncCreateFile, 100, fresh())).toBe(Errno.OK);
    expect(received()).toBe(0);
    expect(await one.status(request(reportServerId, { storageId: "10.0.0.9" }))).toBe(Errno.OK);
    const name = fresh();
    expect([await at(syncCreateFile, 200, name), received()]).toEqual([Errno.OK, 200]);
    expect([await at(syncCreateFile, 300, name), received()]).toEqual([Errno.EEXIST, 300]);
    expect([await at(syncCreateFile, 250, fresh()), received()]).toEqual([Errno.OK, 300]);
    const gone = request(syncDeleteFile, {
      timestamp: 400,
      groupName,
      fileName: fresh(),
    });
    expect([await one.status(gone), received()]).toEqual([Errno.ENOENT, 300]);
    const early = request(syncAppendFile, { offset: 9, byteCount: 1, timestamp: 500, groupName, fileName: name }, "x");
    expect([await one.status(early), received()]).toEqual([Errno.ENOENT, 500]);
    const newName = nameOfContent("x");
    worker.place(name, "x");
    const rename = request(syncRenameFile, {
      timestamp: 600,
      groupName,
      newName,
      oldName: name,
    });
    expect([await one.status(rename), received()]).toEqual([Errno.OK, 500]);
  });
});
