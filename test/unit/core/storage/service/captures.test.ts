// The storage against bytes captured from C storages (storage.md §11): each captured request is sent to a worker whose
// disk holds what C's held, and the answer must be C's, except random digits, clock, and the one answer that is C's defect.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lstatSync, readlinkSync } from "node:fs";
import { readFileName } from "../../../../../core/fileid/file-id.ts";
import { captures } from "../../wire/captures.ts";
import { type Client, Harness } from "./harness.ts";

const TXT = "M00/00/02/fwAASGsBFQ2AHKZAAAAADg4Qul0577.txt";
const META = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
const APPENDER = "M01/00/02/fwAASGsBFQ2EcdpcAAAAAKaEx8Y219.log";
const INFO_APPENDER = "M01/00/03/fwAASGsBFUGETbZ8AAAAAKaEx8Y618.log";
const REPLICA = "M01/01/03/fwAASGsBFeCEMIQ8AAAAAKaEx8Y080.log";
const REPLICA_META = "M00/01/03/fwAASGsBFdyAC9uUAAAACMoDPuQ106.txt";
const RENAMED = "M01/01/03/fwAASGsBFeeAIwZiAAAACIyU-RU080.log";
const LINK = "M00/02/00/fwAASGsBFfCAMH6cAAAADH8Iqyk213.txt";
const LINKED = "M00/02/00/fwAASGsBFe-ASTFkAAAADPOSdaM753.txt";

const hex = (source: string): { request: Buffer; response: Buffer } => {
  const capture = captures.find((one) => one.source === `storage.md §${source}`)!;
  return {
    request: Buffer.from(capture.request, "hex"),
    response: Buffer.from(capture.response ?? "", "hex"),
  };
};

let worker: Harness;
let client: Client;

beforeAll(async () => {
  worker = await Harness.start("127.0.40.1", { storePathCount: 3 });
  client = await worker.client();
});
afterAll(() => worker.stop());

/** Sends the captured request; the whole answer as hex. */
async function replay(source: string): Promise<{ answer: string; captured: string; body: Buffer }> {
  const { request, response } = hex(source);
  const { status, body } = await client.ask(request);
  const head = Buffer.alloc(10);
  head.writeBigInt64BE(BigInt(body.length));
  head[8] = 100;
  head[9] = status;
  return {
    answer: Buffer.concat([head, body]).toString("hex"),
    captured: response.toString("hex"),
    body,
  };
}

async function expectSame(source: string): Promise<void> {
  const { answer, captured } = await replay(source);
  expect(answer).toBe(captured);
}

/** The new name in an answer whose header, group and length must be C's. */
async function expectName(source: string): Promise<string> {
  const { answer, captured, body } = await replay(source);
  expect(answer.length).toBe(captured.length);
  expect(answer.slice(0, 52)).toBe(captured.slice(0, 52));
  return body.subarray(16).toString();
}

describe("requests of clients", () => {
  test("§11.1 upload", async () => {
    const name = await expectName("11.1");
    expect(readFileName(name)).toMatchObject({
      kind: "normal",
      source: { kind: "ipv4", address: "127.0.0.72" },
      size: 14,
      crc32: 0x0e10ba5d,
      timestamp: worker.modifiedAt(name),
    });
    expect(name).toMatch(/^M0[0-2]\/00\/00\/fwAASG.{10}AAAADg4Qul0\d{3}\.txt$/);
    expect(worker.content(name)).toBe("hello fastdfs\n");
    expect(worker.lastRecord()).toBe(`${worker.modifiedAt(name)} C ${name}`);
  });

  test("§11.2 upload of an appender", async () => {
    const name = await expectName("11.2");
    expect(readFileName(name)).toMatchObject({
      kind: "appender",
      crc32: 0xa684c7c6,
    });
    expect(name).toMatch(/AAAAAKaEx8Y\d{3}\.log$/);
    expect(worker.content(name)).toBe("0123456789");
  });

  test("§11.3-§11.5 append, modify, truncate", async () => {
    worker.place(APPENDER, "0123456789");
    await expectSame("11.3");
    expect(worker.content(APPENDER)).toBe("0123456789abcde");
    expect(worker.lastRecord()).toBe(`${worker.modifiedAt(APPENDER)} A ${APPENDER} 10 5`);
    await expectSame("11.4");
    expect(worker.content(APPENDER)).toBe("01XYZ56789abcde");
    expect(worker.lastRecord()).toBe(`${worker.modifiedAt(APPENDER)} M ${APPENDER} 2 3`);
    await expectSame("11.5");
    expect(worker.content(APPENDER)).toBe("01XYZ567");
    expect(worker.lastRecord()).toBe(`${worker.modifiedAt(APPENDER)} T ${APPENDER} 15 8`);
  });

  test("§11.6 download of a part", async () => {
    worker.place(TXT, "hello fastdfs\n");
    await expectSame("11.6");
  });

  test("§11.7-§11.9 metadata", async () => {
    worker.place(META, "hello fastdfs\n");
    await expectSame("11.7");
    expect(worker.lastRecord()).toEndWith(` C ${META}-m`);
    await expectSame("11.8");
    await expectSame("11.9");
    expect(worker.lastRecord()).toEndWith(` U ${META}-m`);
    const { body } = await replay("11.8");
    expect(body.toString("hex")).toBe("6102620168656967687402310177696474680231303234017a7a02746f70");
  });

  test("§11.10 and §11.11 file information, with and without the checksum of an appender", async () => {
    worker.place(META, "hello fastdfs\n", 0x6b011541);
    await expectSame("11.10");
    worker.place(INFO_APPENDER, "0123456789", 0x6b011541);
    await expectSame("11.11");
    const { request, response } = hex("11.11");
    request[9] = 1;
    const { body } = await client.ask(request);
    response.fill(0, 26, 34);
    expect(body.toString("hex")).toBe(response.subarray(10).toString("hex"));
  });

  test("§11.12 slave", async () => {
    worker.place(META, "hello fastdfs\n");
    await expectSame("11.12");
    const slave = "M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701_big.png";
    expect(worker.content(slave)).toBe("slave!");
    expect(worker.lastRecord()).toBe(`${worker.modifiedAt(slave)} C ${slave}`);
  });

  test("§11.13 regenerate", async () => {
    worker.place(INFO_APPENDER, "0123456789");
    const name = await expectName("11.13");
    expect(name).toMatch(/^M01\/00\/03\/fwAASG.{10}AAAACqaEx8Y618\.log$/);
    expect(readFileName(name)).toMatchObject({
      kind: "normal",
      size: 10,
      crc32: 0xa684c7c6,
    });
    expect(worker.content(name)).toBe("0123456789");
    expect(worker.lastRecord()).toEndWith(` R ${name} ${INFO_APPENDER}`);
  });

  test("§11.14 delete, with metadata; a second one finds nothing", async () => {
    worker.place(META, "hello fastdfs\n");
    worker.place(`${META}-m`, "a\x02b");
    await expectSame("11.14");
    expect(
      worker
        .records()
        .slice(-2)
        .map((record) => record.slice(11)),
    ).toEqual([`D ${META}`, `D ${META}-m`]);
    expect((await replay("11.14")).answer).toBe("00000000000000006402");
  });

  test("§11.15 link", async () => {
    worker.place(LINKED, "twelve bytes");
    const name = await expectName("11.15");
    expect(readFileName(name)).toMatchObject({ kind: "normal", size: 12 });
    expect(readlinkSync(worker.path(name))).toBe(worker.path(LINKED));
    expect(worker.lastRecord()).toEndWith(` L ${name} ${LINKED}`);
  });
});

describe("requests of other storages", () => {
  test("§11.16 report server id, then §11.17 and §11.18: files arrive and count for their source", async () => {
    await expectSame("11.16");
    await expectSame("11.17");
    expect(worker.content(REPLICA_META)).toBe("sync me\n");
    expect(worker.modifiedAt(REPLICA_META)).toBe(0x6b0115dc);
    expect(worker.lastRecord()).toBe(`${0x6b0115dc} c ${REPLICA_META}`);
    await expectSame("11.18");
    expect(worker.content(`${REPLICA_META}-m`)).toBe("a\x02b\x01c\x02d");
    expect(worker.lastRecord()).toBe(`${0x6b0115df} u ${REPLICA_META}-m`);
    expect(worker.scoreboard.receivedFrom("127.0.0.72")).toBe(0x6b0115df);
    expect(worker.scoreboard.totals()).toMatchObject({
      totalSyncInBytes: 15,
      successSyncInBytes: 15,
    });
  });

  test("§11.19-§11.21 append, modify, truncate of another storage", async () => {
    worker.place(REPLICA, "0123456789");
    await expectSame("11.19");
    expect(worker.content(REPLICA)).toBe("0123456789abcde");
    expect(worker.modifiedAt(REPLICA)).toBe(0x6b0115e2);
    await expectSame("11.20");
    expect(worker.content(REPLICA)).toBe("01XYZ56789abcde");
    await expectSame("11.21");
    expect(worker.content(REPLICA)).toBe("01XYZ567");
    expect(worker.modifiedAt(REPLICA)).toBe(0x6b0115e5);
    expect(worker.records().slice(-3)).toEqual([
      `${0x6b0115e2} a ${REPLICA} 10 5`,
      `${0x6b0115e4} m ${REPLICA} 2 3`,
      `${0x6b0115e5} t ${REPLICA} 15 8`,
    ]);
  });

  test("§11.22 rename: an empty answer instead of C's echo; the repetition finds it done", async () => {
    worker.place(REPLICA, "01XYZ567");
    expect((await replay("11.22")).answer).toBe("00000000000000006400");
    expect(worker.content(RENAMED)).toBe("01XYZ567");
    expect(worker.lastRecord()).toBe(`${0x6b0115e7} r ${RENAMED} ${REPLICA}`);
    expect((await replay("11.22")).answer).toBe("00000000000000006411");
  });

  test("§11.23 delete", async () => {
    worker.place(REPLICA_META, "sync me\n");
    await expectSame("11.23");
    expect(worker.lastRecord()).toBe(`${0x6b0115ea} d ${REPLICA_META}`);
  });

  test("§11.24 link: a whole record, where C writes a broken one", async () => {
    worker.place(LINKED, "twelve bytes");
    await expectSame("11.24");
    expect(lstatSync(worker.path(LINK)).isSymbolicLink()).toBe(true);
    expect(worker.lastRecord()).toBe(`${0x6b0115f0} l ${LINK} ${LINKED}`);
  });
});

test("tracker.md §10.1 the test whether it is alive, without and with a body", async () => {
  const request = Buffer.from("0000000000000000" + "6f00", "hex");
  expect((await client.ask(request)).status).toBe(0);
  const other = await worker.client();
  expect(await other.status(Buffer.from("0000000000000001" + "6f00" + "00", "hex"))).toBe(22);
});

test("QUIT is answered by closing", async () => {
  const other = await worker.client();
  other.write(Buffer.from("0000000000000000" + "5200", "hex"));
  expect(await other.answer()).toBeNull();
});
