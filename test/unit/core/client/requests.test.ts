// Every operation sends exactly the bytes that C clients sent (the captures of storage.md §11 and tracker.md §10), and
// understands what C servers answered. The scripted servers refuse any other request.

import { afterEach, describe, expect, test } from "bun:test";
import type { FdfsClient } from "../../../../core/client/index.ts";
import { captured, collect, failure, hexOf, response, Stage } from "./fake-cluster.ts";

const stage = new Stage();
afterEach(() => stage.close());

const bytes = (text: string): Uint8Array => Buffer.from(text);
const MASTER = "group1/M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
const APPENDER = "group1/M01/00/02/fwAASGsBFQ2EcdpcAAAAAKaEx8Y219.log";
const OLD_APPENDER = "group1/M01/00/03/fwAASGsBFUGETbZ8AAAAAKaEx8Y618.log";
const PLAIN = "group1/M00/00/02/fwAASGsBFQ2AHKZAAAAADg4Qul0577.txt";
/** The captured uploads let the storage choose; as the tracker's u8 that is 255. */
const ANY_PATH = 255;

type Act = (client: FdfsClient) => Promise<unknown>;

const operations: [source: string, name: string, act: Act, expected: unknown][] = [
  ["11.1", "upload", (c) => c.uploadBytes(bytes("hello fastdfs\n"), { ext: "txt" }), PLAIN],
  ["11.2", "upload appender", (c) => c.uploadBytes(bytes("0123456789"), { ext: "log", appender: true }), APPENDER],
  ["11.3", "append", (c) => c.append(APPENDER, { kind: "bytes", bytes: bytes("abcde") }), undefined],
  ["11.4", "modify", (c) => c.modify(APPENDER, 2, { kind: "bytes", bytes: bytes("XYZ") }), undefined],
  ["11.5", "truncate", (c) => c.truncate(APPENDER, 8), undefined],
  ["11.6", "download", async (c) => collect(await c.download(PLAIN, { offset: 6, length: 4 })), "fast"],
  [
    "11.7",
    "set metadata",
    (c) => c.setMetadata(MASTER, new Map(Object.entries({ width: "1024", height: "768", a: "b" })), "overwrite"),
    undefined,
  ],
  [
    "11.8",
    "get metadata",
    (c) => c.getMetadata(MASTER),
    new Map(Object.entries({ a: "b", height: "768", width: "1024" })),
  ],
  [
    "11.9",
    "merge metadata",
    (c) => c.setMetadata(MASTER, new Map(Object.entries({ height: "1", zz: "top" })), "merge"),
    undefined,
  ],
  [
    "11.10",
    "info of a normal file",
    (c) => c.info(MASTER, { fromServer: true }),
    {
      type: "normal",
      size: 14,
      createdAt: 0x6b011541,
      crc32: 0x0e10ba5d,
      sourceIp: "127.0.0.72",
      sourceId: 0,
      fromServer: true,
    },
  ],
  [
    "11.11",
    "info of an appender",
    (c) => c.info(OLD_APPENDER),
    {
      type: "appender",
      size: 10,
      createdAt: 0x6b011541,
      crc32: 0xa684c7c6,
      sourceIp: "127.0.0.72",
      sourceId: 0,
      fromServer: true,
    },
  ],
  [
    "11.12",
    "upload slave",
    (c) => c.uploadBytes(bytes("slave!"), { slaveOf: MASTER, prefix: "_big", ext: "png" }),
    "group1/M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701_big.png",
  ],
  ["11.13", "regenerate", (c) => c.regenerate(OLD_APPENDER), "group1/M01/00/03/fwAASGsBFUCAdkCUAAAACqaEx8Y618.log"],
  ["11.14", "delete", (c) => c.delete(MASTER), undefined],
];

describe("the storage gets", () => {
  test.each(operations)("storage.md §%s: %s", async (source, _, act, expected) => {
    const { client, storage } = await stage.simple(undefined, ANY_PATH);
    expect(await act(client)).toEqual(expected);
    expect(hexOf(storage)).toEqual([captured(`storage.md §${source}`).request]);
  });
});

const queries: [source: string, name: string, act: Act, expected: unknown][] = [
  ["10.1", "active test", (c) => c.activeTest(), undefined],
  [
    "10.2",
    "query store",
    (c) => c.queryStore(),
    { groupName: "group1", server: { host: "127.0.0.52", port: 22301 }, storePathIndex: 0 },
  ],
  [
    "10.4",
    "query store of a group, all",
    (c) => c.queryStoreAll("group1"),
    {
      groupName: "group1",
      servers: [
        { host: "127.0.0.52", port: 22301 },
        { host: "127.0.0.53", port: 22301 },
      ],
      storePathIndex: 0,
    },
  ],
  [
    "10.5",
    "query fetch",
    (c) => c.queryFetch("group1/M00/00/00/fwAANGsBFX-ARCNxAAALuBcI1_I050.bin"),
    { host: "127.0.0.52", port: 22301 },
  ],
  [
    "10.6",
    "list groups",
    async (c) => (await c.listGroups()).map(({ groupName, freeMb, storageCount }) => [groupName, freeMb, storageCount]),
    [["group1", 132306, 2]],
  ],
];

describe("the tracker gets", () => {
  test.each(queries)("tracker.md §%s: %s", async (source, _, act, expected) => {
    const { request, response: answer } = captured(`tracker.md §${source}`);
    const tracker = await stage.server(() => Buffer.from(answer, "hex"));
    expect(await act(stage.client([tracker]))).toEqual(expected);
    expect(hexOf(tracker)).toEqual([request]);
  });

  test("tracker.md §10.3: an answer with 46-byte addresses", async () => {
    const tracker = await stage.server(() => Buffer.from(captured("tracker.md §10.3").response, "hex"));
    expect((await stage.client([tracker]).queryStore()).server).toEqual({ host: "127.0.0.61", port: 23001 });
  });

  test("tracker.md §10.7: list of one storage", async () => {
    const tracker = await stage.server(() => Buffer.from("00000000000000006402", "hex"));
    const error = await failure(stage.client([tracker]).listStorages("group1", "127.0.0.52"));
    expect(error.message).toBe(
      `Cannot list the storages of group1: 127.0.0.1:${tracker.port}: No such file or directory (2)`,
    );
    expect(hexOf(tracker)).toEqual([captured("tracker.md §10.7").request]);
  });

  test("tracker.md §10.18: the leader", async () => {
    const { client } = await stage.simple();
    expect(await client.getLeader()).toBe("127.0.0.54:22201");
  });

  test("tracker.md §10.19: the table of storage ids", async () => {
    const lines =
      "100001 group1 127.0.0.61:23001\n100002 group1 127.0.0.61:23002 rw=read\n" +
      "100003 group1 10.1.2.3,127.0.0.62:23003 rw=write\n200001 group2 [fd00:1::22]:23001\n";
    const counts = Buffer.from("0000000400000004", "hex");
    const tracker = await stage.server(() => response(Buffer.concat([counts, Buffer.from(lines)])));
    const ids = await stage.client([tracker]).storageIds();
    // Unlike the capture with the flag that makes "no ids in use" an empty table instead of an error.
    expect(hexOf(tracker)).toEqual(["000000000000000545000000000001"]);
    expect(ids.map(({ id, hosts, port, rwMode }) => [id, hosts, port, rwMode])).toEqual([
      ["100001", ["127.0.0.61"], 23001, 6],
      ["100002", ["127.0.0.61"], 23002, 4],
      ["100003", ["10.1.2.3", "127.0.0.62"], 23003, 2],
      ["200001", ["fd00:1::22"], 23001, 6],
    ]);
  });

  test("tracker.md §10.20: the election of a trunk server", async () => {
    const { client } = await stage.simple();
    expect(await client.setTrunkServer("group1", "")).toBe("127.0.0.57");
  });
});
