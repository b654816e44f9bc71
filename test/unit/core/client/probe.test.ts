// Questions to one storage by itself: the connection announces itself first, nobody else is asked, and a server that fails
// is an answer.

import { afterEach, describe, expect, test } from "bun:test";
import type { FdfsClient } from "../../../../core/client/index.ts";
import type { FakeServer } from "../net/client-fake-server.ts";
import { captured, hexOf, type Place, response, Stage } from "./fake-cluster.ts";

const stage = new Stage();
afterEach(() => stage.close());

const ID = "group1/M00/00/02/fwAASGsBFUGAfoSXAAAADg4Qul0701.txt";
const [ANNOUNCE, INFO, DOWNLOAD, REPLICATION, RECOVERY] = [9, 22, 14, 200, 202];
const report = { storageId: "127.0.0.72", groupName: "group1", binlogIndex: 0, binlogSize: 7, peers: [] };

/** A storage that answers these commands, and a client whose trackers are all gone. */
async function storageWith(
  answers: Record<number, Buffer | "close" | "silence">,
): Promise<{ storage: FakeServer; client: FdfsClient }> {
  const storage = await stage.server((request) => answers[request[8]!] ?? response("", 22));
  return { storage, client: await lonely() };
}

const lonely = async (): Promise<FdfsClient> => stage.client([await stage.nobody()]);
const endpoint = ({ host, port }: Place) => ({ host, port });

describe("how far its recovery is", () => {
  test("a report", async () => {
    const recovery = { storePathIndex: 1, phase: "fetching" };
    const { storage, client } = await storageWith({ [RECOVERY]: response(Buffer.from(JSON.stringify(recovery))) });
    expect(await client.storageRecovery(endpoint(storage))).toMatchObject(recovery);
    expect(hexOf(storage)).toEqual(["0000000000000000ca00"]);
  });
  test("one that serves, one that talks nonsense, nobody there", async () => {
    const { storage, client } = await storageWith({});
    expect(await client.storageRecovery(endpoint(storage))).toBeNull();
    const other = await storageWith({ [RECOVERY]: response(Buffer.from("{")) });
    expect(await client.storageRecovery(endpoint(other.storage))).toBeNull();
    expect(await client.storageRecovery(await stage.nobody())).toBeNull();
  });
});

describe("how far it has copied", () => {
  test("a report", async () => {
    const { storage, client } = await storageWith({ [REPLICATION]: response(Buffer.from(JSON.stringify(report))) });
    expect(await client.storageReplication(endpoint(storage))).toEqual({ kind: "report", report });
    expect(hexOf(storage)).toEqual(["0000000000000000c800"]);
  });
  test("a C storage does not know the question", async () => {
    const { storage, client } = await storageWith({});
    expect(await client.storageReplication(endpoint(storage))).toEqual({ kind: "silent" });
  });
  test("nobody there", async () => {
    const client = await lonely();
    const answer = await client.storageReplication(await stage.nobody());
    expect(answer).toEqual({ kind: "failed", reason: "connection refused" });
  });
  test("one that hangs up, one that talks nonsense, one that is busy", async () => {
    const { storage, client } = await storageWith({ [REPLICATION]: "close" });
    expect((await client.storageReplication(endpoint(storage))).kind).toBe("failed");
    const fresh = await storageWith({ [REPLICATION]: response("") });
    expect(await client.storageReplication(endpoint(fresh.storage))).toMatchObject({
      kind: "report",
      report: { peers: [] },
    });
    const other = await storageWith({ [REPLICATION]: response(Buffer.from("{")) });
    expect(await client.storageReplication(endpoint(other.storage))).toEqual({
      kind: "failed",
      reason: "its report cannot be read",
    });
    const busy = await storageWith({ [REPLICATION]: response("", 16) });
    expect(await client.storageReplication(endpoint(busy.storage))).toEqual({
      kind: "failed",
      reason: "Device or resource busy (16)",
    });
  });
  test("one that says nothing costs three seconds", async () => {
    const { storage, client } = await storageWith({ [REPLICATION]: "silence" });
    const start = performance.now();
    expect((await client.storageReplication(endpoint(storage))).kind).toBe("failed");
    expect(performance.now() - start).toBeLessThan(5000);
  }, 10_000);
  test("no connection is kept", async () => {
    const { storage, client } = await storageWith({ [REPLICATION]: response(Buffer.from(JSON.stringify(report))) });
    await client.storageReplication(endpoint(storage));
    await client.storageReplication(endpoint(storage));
    expect(storage.accepted).toBe(2);
  });
});

describe("a file", () => {
  const { request, response: answer } = captured("storage.md §11.10");
  const known = { [ANNOUNCE]: response(""), [INFO]: Buffer.from(answer, "hex") };

  test("that is there: announced first, silently asked", async () => {
    const { storage, client } = await storageWith(known);
    expect(await client.fileAt(endpoint(storage), ID)).toEqual({
      kind: "present",
      size: 14,
      crc32: 0x0e10ba5d,
      modifiedAt: 0x6b011541,
    });
    const [announcement, question] = hexOf(storage);
    // storage.md §11.16 with another id; §11.10 with the flag that keeps the log quiet.
    expect(announcement).toBe(`00000000000000100900${Buffer.from("fdfs-explain").toString("hex")}00000000`);
    expect(question).toBe(request.replace("3c1600", "3c1602"));
  });
  test("that is missing", async () => {
    const { storage, client } = await storageWith({ ...known, [INFO]: response("", 2) });
    expect(await client.fileAt(endpoint(storage), ID)).toEqual({ kind: "absent" });
  });
  test("of a server that is not there", async () => {
    const client = await lonely();
    expect(await client.fileAt(await stage.nobody(), ID)).toEqual({ kind: "failed", reason: "connection refused" });
  });
  test("with a name that is none", async () => {
    const { storage, client } = await storageWith(known);
    await expect(client.fileAt(endpoint(storage), "nonsense")).rejects.toThrow("Cannot use the file ID");
  });
});

describe("a file's content", () => {
  const of = (content: Buffer) => storageWith({ [ANNOUNCE]: response(""), [DOWNLOAD]: content });

  test("is read whole and summed", async () => {
    const { storage, client } = await of(response(Buffer.from("123456789")));
    expect(await client.contentAt(endpoint(storage), ID)).toEqual({
      kind: "present",
      size: 9,
      // The check values of CRC-32 and SHA-256 for these nine digits.
      crc32: 0xcbf43926,
      sha256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    });
  });
  test("missing or refused", async () => {
    const { storage, client } = await of(response("", 2));
    expect(await client.contentAt(endpoint(storage), ID)).toEqual({ kind: "absent" });
    const broken = await of(response("", 5));
    expect(await client.contentAt(endpoint(broken.storage), ID)).toEqual({
      kind: "failed",
      reason: "Input/output error (5)",
    });
  });
});
