// Metadata: the text's rules, and set, merge and get over the wire (storage.md §2.8, §2.9).

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { formatMetadata, mergeMetadata, parseMetadata } from "../../../../../core/storage/service/metadata-text.ts";
import { getMetadata, setMetadata } from "../../../../../core/wire/storage-client.ts";
import { type Client, Errno, Harness, request } from "./harness.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const packed = (text: string): string => formatMetadata(parseMetadata(bytes(text)));

describe("the text", () => {
  test("sorted by name in byte order, equal names keep their order", () => {
    expect(packed("b\x021\x01B\x022\x01a\x023\x01a\x024")).toBe("B\x022\x01a\x023\x01a\x024\x01b\x021");
  });
  test("a record without 0x02 is dropped, empty values and names stay", () => {
    expect(packed("abc")).toBe("");
    expect(packed("x\x01a\x02\x01\x02v")).toBe("\x02v\x01a\x02");
  });
  test("only the first 0x02 divides", () => {
    expect(parseMetadata(bytes("a\x02b\x02c"))).toEqual([["a", "b\x02c"]]);
  });
  test("names are cut at 64 bytes, values at 256", () => {
    expect(packed(`${"n".repeat(70)}\x02${"v".repeat(300)}`)).toBe(`${"n".repeat(64)}\x02${"v".repeat(256)}`);
  });
  test("text ends at a NUL", () => {
    expect(packed("a\x02b\0c\x02d")).toBe("a\x02b");
  });
  test("any bytes survive", () => {
    const text = Buffer.from("名\x02值 ü").toString("latin1");
    expect(packed(text)).toBe(text);
  });
  test("in a merge the new value wins", () => {
    const merged = mergeMetadata(parseMetadata(bytes("a\x021\x01b\x022")), parseMetadata(bytes("b\x023\x01c\x024")));
    expect(formatMetadata(merged)).toBe("a\x021\x01b\x023\x01c\x024");
  });
});

describe("over the wire", () => {
  const FILE = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
  let worker: Harness;
  let client: Client;
  beforeAll(async () => {
    worker = await Harness.start("127.0.40.5");
    client = await worker.client();
    worker.place(FILE, "content");
  });
  afterAll(() => worker.stop());

  const set = (flag: "O" | "M", text: string): Promise<number> =>
    client.status(
      request(setMetadata, {
        flag: flag.charCodeAt(0),
        groupName: "group1",
        fileName: FILE,
        metadata: bytes(text),
      }),
    );
  const get = () => client.ask(request(getMetadata, { groupName: "group1", fileName: FILE }));
  const operations = (): string[] => worker.records().map((record) => record.split(" ").slice(1).join(" "));

  test("every case of overwrite and merge, with its record", async () => {
    // Nothing to delete, nothing to merge: no record.
    expect([await set("O", ""), await set("M", "")]).toEqual([0, 0]);
    expect(operations()).toEqual([]);
    expect(await set("M", "b\x022")).toBe(0);
    expect(await set("M", "a\x021\x01b\x023")).toBe(0);
    expect((await get()).body.toString()).toBe("a\x021\x01b\x023");
    expect(await set("M", "")).toBe(0);
    expect(await set("O", "z\x029")).toBe(0);
    expect((await get()).body.toString()).toBe("z\x029");
    expect(await set("O", "")).toBe(0);
    expect((await get()).status).toBe(Errno.ENOENT);
    expect(existsSync(`${worker.path(FILE)}-m`)).toBe(false);
    expect(await set("O", "y\x021")).toBe(0);
    expect(operations()).toEqual([`C ${FILE}-m`, `U ${FILE}-m`, `U ${FILE}-m`, `D ${FILE}-m`, `C ${FILE}-m`]);
    expect(worker.scoreboard.totals()).toMatchObject({
      totalSetMetaCount: 8,
      successSetMetaCount: 8,
    });
  });

  test("only the re-packed text is stored, where C keeps stale bytes", async () => {
    expect(await set("O", `k\x02${"v".repeat(300)}`)).toBe(0);
    expect((await get()).body.length).toBe(258);
  });

  test("what a C storage has stored is handed out as it is", async () => {
    worker.place(`${FILE}-m`, "a\x02b\0stale");
    expect((await get()).body.toString()).toBe("a\x02b\0stale");
    expect(await set("M", "c\x02d")).toBe(0);
    expect((await get()).body.toString()).toBe("a\x02b\x01c\x02d");
  });

  test("eight clients that merge at the same time lose nothing", async () => {
    expect(await set("O", "")).toBe(0);
    const clients = await Promise.all(Array.from({ length: 8 }, () => worker.client()));
    await Promise.all(
      clients.map(async (one, index) => {
        for (let count = 0; count < 10; count++) {
          const metadata = bytes(`k${index}-${count}\x02v`);
          const status = await one.status(
            request(setMetadata, {
              flag: 0x4d,
              groupName: "group1",
              fileName: FILE,
              metadata,
            }),
          );
          expect(status).toBe(0);
        }
      }),
    );
    expect(parseMetadata((await get()).body).length).toBe(80);
    expect(worker.files().filter((path) => path.endsWith(".tmp"))).toEqual([]);
  });

  test("a folder in the place of the metadata answers 21", async () => {
    const other = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0705.txt";
    worker.place(other, "x");
    mkdirSync(`${worker.path(other)}-m`);
    expect(await client.status(request(getMetadata, { groupName: "group1", fileName: other }))).toBe(Errno.EISDIR);
  });
});
