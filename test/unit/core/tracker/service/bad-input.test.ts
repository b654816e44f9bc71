// What a tracker answers to requests that break the rules (tracker.md §1.2, §1.7 and the length rules of §2 and §4). After
// each of them it still serves.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  activeStorage,
  diskFrame,
  frame,
  int32,
  int64,
  joinFrame,
  type Peer,
  padded,
  TestTracker,
} from "../harness.ts";

const group = padded("group1", 16);
const other = padded("nosuch", 16);
const name = "M00/00/00/fwAANGsBFX-ARCNxAAALuBcI1_I050.bin";
const brief = Buffer.concat([Buffer.from([5]), int32(0), padded("127.9.9.9", 16), padded("127.9.9.9", 46)]);

let tracker: TestTracker;
let storage: Peer;
const STORAGE = "127.0.30.21";

beforeAll(async () => {
  tracker = await TestTracker.start("127.0.30.5", { networkTimeoutSeconds: 1 });
  storage = await activeStorage(tracker, STORAGE);
});
afterAll(() => tracker.stop());

async function serves(): Promise<void> {
  const client = await tracker.open("127.0.30.9");
  expect(await client.status(frame(111))).toBe(0);
  await client.close();
}

describe("an unjoined client", () => {
  const rows: [what: string, status: number, command: number, ...body: (Uint8Array | string)[]][] = [
    ["ACTIVE_TEST with a body", 22, 111, "x"],
    ["QUERY_STORE with a body", 22, 101, group],
    ["QUERY_STORE with 15 bytes of group", 22, 104, group.subarray(1)],
    ["QUERY_STORE with 17 bytes of group", 22, 104, group, "x"],
    ["QUERY_STORE of an unknown group", 2, 104, other],
    ["QUERY_STORE ALL of an unknown group", 2, 107, other],
    ["QUERY_FETCH with 37 bytes", 22, 102, group, "x".repeat(21)],
    ["QUERY_FETCH with 38 bytes", 0, 102, group, "x".repeat(22)],
    ["QUERY_FETCH with 143 bytes", 0, 102, group, "x".repeat(127)],
    ["QUERY_FETCH with 144 bytes", 22, 102, group, "x".repeat(128)],
    ["QUERY_FETCH with .. in the name", 0, 102, group, "M00/../../../../../../etc/passwd"],
    ["QUERY_UPDATE in an unknown group", 2, 103, other, name],
    ["QUERY_FETCH ALL in an unknown group", 2, 105, other, name],
    ["LIST_ONE_GROUP, unknown", 2, 90, other],
    ["LIST_ONE_GROUP, short", 22, 90, "group1"],
    ["LIST_ALL_GROUPS with a body", 22, 91, group],
    ["LIST_STORAGE, short", 22, 92, group.subarray(1)],
    ["LIST_STORAGE, unknown group", 2, 92, other],
    ["LIST_STORAGE, unknown id", 2, 92, group, "127.9.9.9"],
    ["LIST_STORAGE, id of 16 bytes", 22, 92, group, "1".repeat(16)],
    ["DELETE_STORAGE without an id", 22, 93, group],
    ["DELETE_STORAGE, id of 16 bytes", 22, 93, group, "1".repeat(16)],
    ["DELETE_STORAGE, unknown", 2, 93, group, "127.9.9.9"],
    ["DELETE_STORAGE of an active one", 16, 93, group, STORAGE],
    ["SET_TRUNK_SERVER, unknown group", 2, 94, other],
    ["SET_TRUNK_SERVER without trunk files", 95, 94, group],
    ["GET_LEADER with a body", 22, 95, group],
    ["TRACKER_CLUSTER_STAT, short", 22, 96, "x"],
    ["STORAGE_CLUSTER_STAT, long", 22, 97, "12345"],
    ["STORAGE_VOLUMN_STAT, short", 22, 98, "x"],
    ["DELETE_GROUP with members", 16, 108, group],
    ["DELETE_GROUP, unknown", 2, 108, other],
    ["GET_MY_IP, 20 bytes", 22, 60, group, int32(1)],
    ["GET_GROUP_NAME without ids", 95, 109, int32(23000)],
    ["FETCH_STORAGE_IDS without ids", 95, 69, int32(0), Buffer.from([0])],
    ["FETCH_STORAGE_IDS without ids, none is fine", 0, 69, int32(0), Buffer.from([1])],
    ["FETCH_STORAGE_IDS, short", 22, 69, int32(0)],
    ["GET_SERVER_ID without a host", 22, 70, group],
    ["GET_SERVER_ID, 69 bytes", 22, 70, group, "1".repeat(53)],
    ["GET_STATUS of an unknown storage", 2, 71, group, "127.9.9.9:23000"],
    ["PARAMETER_REQ with a body", 22, 75, "x"],
    ["REPORT_STATUS, unknown group", 2, 76, other, brief],
    ["REPORT_STATUS, short", 22, 76, group],
    ["CHANGELOG_REQ, empty", 22, 77],
    ["CHANGELOG_REQ, unknown storage", 2, 77, group, padded("127.9.9.9", 16)],
    ["REPORT_IP_CHANGED, short", 22, 78, group],
    ["SYNC_SRC_REQ, unknown storage", 2, 86, group, padded("127.9.9.9", 16)],
    ["SYNC_SRC_REQ, short", 22, 86, group],
    ["STORAGE_JOIN, short", 22, 81, group],
    ["STORAGE_JOIN without trackers", 22, 81, joinFrame({ trackers: [] }).subarray(10)],
    ["GET_STATUS with a body", 22, 64, "x"],
    ["JOIN_LEADER, short", 22, 58, "x"],
    ["PING_LEADER, short", 22, 65, "x"],
    ["GET_ONE_SYS_FILE 4", 22, 63, Buffer.from([4]), int64(0)],
    ["GET_ONE_SYS_FILE at -1", 22, 63, Buffer.from([0]), int64(-1)],
    ["GET_ONE_SYS_FILE beyond the end", 22, 63, Buffer.from([0]), int64(1_000_000)],
    ["a response", 22, 100],
    ["command 0", 22, 0],
    ["command 200 with a body", 22, 200, "x".repeat(500)],
    ...[59, 72, 73, 74, 79, 83, 84, 85, 87, 89].map((command): [string, number, number] => [
      `command ${command} before a join`,
      13,
      command,
    ]),
    // This one kills a C tracker.
    ["SYNC_NOTIFY before a join", 13, 88, Buffer.alloc(24)],
  ];
  for (const [what, status, command, ...body] of rows) {
    test(`${what}: ${status}`, async () => {
      const client = await tracker.open("127.0.30.9");
      const answer = await client.ask(frame(command, ...body));
      expect(answer[9]).toBe(status);
      // A body behind an error would be taken for the next answer.
      if (status !== 0) expect(answer.length).toBe(10);
      expect(await client.status(frame(111))).toBe(0);
      await client.close();
    });
  }
});

describe("a joined storage", () => {
  const rows: [what: string, status: number, packet: Uint8Array][] = [
    ["a beat of 347 bytes", 22, frame(83, Buffer.alloc(347))],
    ["a beat with a number beyond 2^53", 22, frame(83, Buffer.alloc(348, 0x7f))],
    ["a disk report of one path of two", 22, diskFrame(1, 10, 10)],
    ["a disk report of three paths", 22, diskFrame(3, 10, 10)],
    ["an empty sync report", 22, frame(89)],
    ["a sync report of 21 bytes", 22, frame(89, Buffer.alloc(21))],
    ["33 briefs", 22, frame(85, Buffer.alloc(33 * 67))],
    ["half a brief", 22, frame(85, Buffer.alloc(30))],
    ["SYNC_NOTIFY of 23 bytes", 22, frame(88, Buffer.alloc(23))],
    ["SYNC_NOTIFY of an unknown source", 2, frame(88, padded("127.9.9.9", 16), int64(5))],
    ["CHANGE_STATUS of 2 bytes", 22, frame(59, "xx")],
    ["CHANGELOG_REQ with a body", 22, frame(77, group, padded(STORAGE, 16))],
    ["a trunk file id from who is not the trunk server", 22, frame(73, int32(5))],
    ["trunk space from who is not the trunk server", 22, frame(74, int64(5))],
    ["SYNC_DEST_QUERY with a body", 22, frame(79, "x")],
  ];
  for (const [what, status, packet] of rows) {
    test(`${what}: ${status}, and it stays joined`, async () => {
      expect(await storage.status(packet)).toBe(status);
      expect(await storage.status(frame(83))).toBe(0);
    });
  }

  test("its list and parameters are whole after all that", async () => {
    const client = await tracker.open("127.0.30.9");
    const list = await client.ask(frame(92, group));
    expect(list.length).toBe(10 + 487);
    expect(list[10]).toBe(7);
    const parameters = (await client.ask(frame(75))).subarray(10).toString();
    expect(parameters.length).toBeLessThan(1024);
    expect(parameters).toStartWith("use_storage_id=0\nid_type_in_filename=ip\n");
    expect(parameters).toContain("\nreserved_storage_space=10MB\n");
    expect(parameters).toEndWith("store_slave_file_use_link=0\nupdate_failover=0\n");
    expect(parameters.split("\n").length).toBe(28);
  });
});

describe("the connection", () => {
  const header = (length: bigint): Buffer => {
    const bytes = Buffer.alloc(10);
    bytes.writeBigInt64BE(length);
    bytes[8] = 104;
    return bytes;
  };

  for (const [what, packet] of [
    ["length -1", header(-1n)],
    ["length 2^62", header(2n ** 62n)],
    ["a body above the package limit", header(256n * 1024n)],
    ["QUIT", frame(82)],
    ["half a header and then nothing", header(0n).subarray(0, 5)],
    ["half a body and then nothing", Buffer.concat([header(16n), Buffer.alloc(3)])],
  ] as const) {
    test(`is closed without an answer after ${what}`, async () => {
      const client = await tracker.open("127.0.30.9");
      expect(await client.isClosedAfter(packet)).toBe(true);
      await serves();
    });
  }

  test("serves requests that come in one piece or byte by byte, in order", async () => {
    const client = await tracker.open("127.0.30.9");
    const first = client.ask(Buffer.concat([frame(111), frame(90, group), frame(111, "x")]));
    expect((await first).toString("hex")).toBe("00000000000000006400");
    expect((await client.ask(new Uint8Array(0))).length).toBe(10 + 113);
    expect((await client.ask(new Uint8Array(0)))[9]).toBe(22);
  });

  test("of a host that is not allowed is closed without an answer", async () => {
    const strict = await TestTracker.start("127.0.30.6", {
      allowHosts: { addresses: ["127.0.30.7"], cidrs: [{ address: "127.0.31.0", bits: 24 }], names: [] },
    });
    try {
      expect(await (await strict.open("127.0.30.9")).isClosedAfter(frame(111))).toBe(true);
      expect(await (await strict.open("127.0.30.7")).status(frame(111))).toBe(0);
      expect(await (await strict.open("127.0.31.200")).status(frame(111))).toBe(0);
    } finally {
      await strict.stop();
    }
  });
});
