// The worked examples of tracker.md §10, byte for byte, against a real tracker in this process. The bytes are captures of
// C FastDFS 6.16.1; addresses and times are made so that they come out the same.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import {
  activeStorage,
  diskFrame,
  eventually,
  frame,
  hex,
  int64,
  joinFrame,
  type Peer,
  padded,
  TestTracker,
} from "./harness.ts";

const LEADER_PORT = 22201;
const GROUP1 = '"group1" (+ 10 x 00)';

async function expectAnswer(peer: Peer, request: string, answer: string): Promise<void> {
  expect((await peer.ask(hex(request))).toString("hex")).toBe(hex(answer).toString("hex"));
}

async function untilLeads(peer: Peer): Promise<void> {
  await eventually(async () => (await peer.status(frame(95))) === 0);
}

describe("one group of two storages under one tracker", () => {
  let tracker: TestTracker;
  let client: Peer;
  let first: Peer;
  let second: Peer;
  const trackers = [`127.0.0.54:${LEADER_PORT}`];
  const facts = { trackers, trackerIp: "127.0.0.54" };

  beforeAll(async () => {
    tracker = await TestTracker.start("127.0.30.1", { port: LEADER_PORT });
    client = await tracker.open("127.0.30.9");
    first = await activeStorage(tracker, "127.0.0.52", facts);
    await untilLeads(client);
    tracker.clock.now = 0x6b01153e;
    second = await tracker.open("127.0.0.53");
    await second.ask(joinFrame(facts));
  });
  afterAll(() => tracker.stop());

  test("1: ACTIVE_TEST", async () => {
    await expectAnswer(client, "00 00 00 00 00 00 00 00 6f 00", "00 00 00 00 00 00 00 00 64 00");
  });

  test("9: SYNC_DEST_REQ of the second storage names the first", async () => {
    await expectAnswer(
      second,
      "00 00 00 00 00 00 00 00 57 00",
      `00 00 00 00 00 00 00 18 64 00 31 32 37 2e 30 2e
       30 2e 35 32 00 00 00 00 00 00 00 00 00 00 6b 01
       15 3e`,
    );
  });

  test("10: BEAT on a fresh connection tells the leader and the members", async () => {
    const again = await tracker.open("127.0.0.52");
    await again.ask(joinFrame({ ...facts, initFlag: 0, status: 7 }));
    await first.close();
    first = again;
    await expectAnswer(
      first,
      "00 00 00 00 00 00 00 00 53 00",
      `00 00 00 00 00 00 00 ca 64 00 05 00 00 00 56 b9
       31 32 37 2e 30 2e 30 2e 35 34 00 00 00 00 00 00
       31 32 37 2e 30 2e 30 2e 35 34 00 00 00 00 00 00
       (+ 30 x 00) 07 00
       00 57 1d 31 32 37 2e 30 2e 30 2e 35 32 00 00 00
       00 00 00 31 32 37 2e 30 2e 30 2e 35 32 00 00 00
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 01 00 00 57 1d 31 32 37 2e 30 2e 30 2e 35 33
       00 00 00 00 00 00 31 32 37 2e 30 2e 30 2e 35 33
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 00 00 00`,
    );
    await expectAnswer(first, "00 00 00 00 00 00 00 00 53 00", "00 00 00 00 00 00 00 01 64 00 00");
  });

  test("11: REPORT_DISK_USAGE with nothing new", async () => {
    await expectAnswer(
      first,
      `00 00 00 00 00 00 00 20 54 00 00 00 00 00 00 03
       ef e3 00 00 00 00 00 01 0e 50 00 00 00 00 00 03
       ef e3 00 00 00 00 00 01 0e 50`,
      "00 00 00 00 00 00 00 01 64 00 00",
    );
  });

  test("12: REPORT_STATUS moves the second storage to SYNCING, then on to OFFLINE", async () => {
    const report = `4c 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00`;
    const brief = `00 00 00 00 31
       32 37 2e 30 2e 30 2e 35 33 00 00 00 00 00 00 31
       32 37 2e 30 2e 30 2e 35 33 00 00 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 00 00 00`;
    const ok = "00 00 00 00 00 00 00 00 64 00";
    await expectAnswer(client, `00 00 00 00 00 00 00 53 ${report} 02 ${brief}`, ok);
    await expectAnswer(client, `00 00 00 00 00 00 00 53 ${report} 05 ${brief}`, ok);
    // Its next beat makes it serve.
    await second.ask(frame(83));
    await second.ask(diskFrame(2, 258019, 66153));
    await second.ask(frame(83));
  });

  test("13: SYNC_REPORT", async () => {
    tracker.clock.now = 0x6b011581;
    await expectAnswer(
      second,
      `00 00 00 00 00 00 00 28 59 00 31 32 37 2e 30 2e
       30 2e 35 32 00 00 00 00 00 00 6b 01 15 7f 31 32
       37 2e 30 2e 30 2e 35 33 00 00 00 00 00 00 00 00
       00 00`,
      "00 00 00 00 00 00 00 01 64 00 00",
    );
  });

  test("14: SYNC_NOTIFY without a source", async () => {
    await expectAnswer(second, "00 00 00 00 00 00 00 18 58 00 (+ 24 x 00)", "00 00 00 00 00 00 00 00 64 00");
  });

  test("4: QUERY_STORE_WITH_GROUP_ALL", async () => {
    await first.ask(diskFrame(2, 258019, 66153));
    await expectAnswer(
      client,
      `00 00 00 00 00 00 00 10 6b 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00`,
      `00 00 00 00 00 00 00 3f 64 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00 31 32 37 2e 30 2e
       30 2e 35 32 00 00 00 00 00 00 00 00 00 00 00 57
       1d 31 32 37 2e 30 2e 30 2e 35 33 00 00 00 00 00
       00 00 00 00 00 00 57 1d 00`,
    );
  });

  test("7: LIST_STORAGE with an id: head and tail", async () => {
    const stat = Buffer.alloc(348);
    stat.writeInt32BE(64, 0);
    stat.writeInt32BE(1, 4);
    stat.writeInt32BE(2, 8);
    stat.writeBigInt64BE(1n, 12);
    stat.writeBigInt64BE(1n, 20);
    stat.writeBigInt64BE(0x6b01157fn, 316);
    await first.ask(frame(83, stat));
    const answer = await client.ask(
      hex(`00 00 00 00 00 00 00 1a 5c 00 67 72 6f 75 70 31
           00 00 00 00 00 00 00 00 00 00 31 32 37 2e 30 2e
           30 2e 35 32`),
    );
    const head = hex(`00 00 00 00 00 00 01 e7 64 00 07 06 31 32 37 2e
           30 2e 30 2e 35 32 00 00 00 00 00 00 31 32 37 2e
           30 2e 30 2e 35 32 00 00 00 00 00 00 00 00 00 00
           00 00 00 00 00 00 00 00 00 00 00 00 36 2e 31 36
           2e 31 00 00 00 00 00 00 6b 01 15 31 00 00 00 00
           6b 01 15 31 00 00 00 00 00 07 df c6 00 00 00 00
           00 02 04 d2 00 00 00 00 00 00 00 0a 00 00 00 00
           00 00 00 0a 00 00 00 00 00 00 00 02 00 00 00 00
           00 00 00 02 00 00 00 00 00 00 00 01 00 00 00 00
           00 00 57 1d 00 00 00 40 00 00 00 01 00 00 00 02
           00 00 00 00 00 00 00 01 00 00`);
    expect(answer.subarray(0, head.length).toString("hex")).toBe(head.toString("hex"));
    const tail = hex("6b 01 15 7f (+ 16 x 00) 00 00 00 00 6b 01 15 81 00");
    expect(answer.subarray(-tail.length).toString("hex")).toBe(tail.toString("hex"));
  });

  test("6: LIST_ALL_GROUPS", async () => {
    await expectAnswer(
      client,
      "00 00 00 00 00 00 00 00 5b 00",
      `00 00 00 00 00 00 00 71 64 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       07 df c6 00 00 00 00 00 02 04 d2 00 00 00 00 00
       00 00 0a 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 00 02 00 00 00 00 00 00 57 1d 00 00 00 00 00
       00 00 02 00 00 00 00 00 00 00 02 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00
       00 00 02 ff ff ff ff ff ff ff ff`,
    );
  });

  test("5: QUERY_FETCH_ONE finds the source by its address", async () => {
    await expectAnswer(
      client,
      `00 00 00 00 00 00 00 3c 66 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00 4d 30 30 2f 30 30
       2f 30 30 2f 66 77 41 41 4e 47 73 42 46 58 2d 41
       52 43 4e 78 41 41 41 4c 75 42 63 49 31 5f 49 30
       35 30 2e 62 69 6e`,
      `00 00 00 00 00 00 00 27 64 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00 31 32 37 2e 30 2e
       30 2e 35 32 00 00 00 00 00 00 00 00 00 00 00 57
       1d`,
    );
  });

  test("2: QUERY_STORE_WITHOUT_GROUP_ONE", async () => {
    // Both paths and servers take turns: ask until it is the first one's path 0 again.
    await client.ask(frame(101));
    await client.ask(frame(101));
    const answer = hex(`00 00 00 00 00 00 00 28 64 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00 31 32 37 2e 30 2e
       30 2e 35 32 00 00 00 00 00 00 00 00 00 00 00 57
       1d 00`);
    expect((await client.ask(hex("00 00 00 00 00 00 00 00 65 00"))).toString("hex")).toBe(answer.toString("hex"));
  });

  test("18: GET_STATUS, GET_LEADER, GET_MY_IP, DELETE_STORAGE of an active one, an unknown command", async () => {
    await expectAnswer(client, "00 00 00 00 00 00 00 00 40 00", "00 00 00 00 00 00 00 11 64 00 01 (+ 16 x 00)");
    await expectAnswer(
      client,
      "00 00 00 00 00 00 00 00 5f 00",
      "00 00 00 00 00 00 00 10 64 00 31 32 37 2e 30 2e 30 2e 35 34 3a 32 32 32 30 31",
    );
    const storage = await tracker.open("127.0.0.52");
    await expectAnswer(
      storage,
      "00 00 00 00 00 00 00 15 3c 00 67 72 6f 75 70 31 (+ 11 x 00) 00 00 57 1d",
      "00 00 00 00 00 00 00 0a 64 00 31 32 37 2e 30 2e 30 2e 35 32",
    );
    await expectAnswer(
      client,
      "00 00 00 00 00 00 00 1a 5d 00 67 72 6f 75 70 31 (+ 10 x 00) 31 32 37 2e 30 2e 30 2e 35 32",
      "00 00 00 00 00 00 00 00 64 10",
    );
    await expectAnswer(client, "00 00 00 00 00 00 00 00 a8 00", "00 00 00 00 00 00 00 00 64 16");
  });

  test("15: CHANGELOG_REQ after a delete; 21: a second delete", async () => {
    await second.close();
    tracker.clock.now = 1795233229;
    const deletion = frame(93, padded("group1", 16), "127.0.0.53");
    await eventually(async () => (await client.status(deletion)) === 0);
    await expectAnswer(
      client,
      `00 00 00 00 00 00 00 20 4d 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00 31 32 37 2e 30 2e
       30 2e 35 32 00 00 00 00 00 00`,
      `00 00 00 00 00 00 00 20 64 00 31 37 39 35 32 33
       33 32 32 39 20 67 72 6f 75 70 31 20 31 32 37 2e
       30 2e 30 2e 35 33 20 34 20 0a`,
    );
    expect((await client.ask(deletion)).toString("hex")).toBe(hex("00 00 00 00 00 00 00 00 64 72").toString("hex"));
  });

  test("21: BEAT on a fresh connection, a second reader of the system files", async () => {
    const other = await tracker.open("127.0.30.8");
    await expectAnswer(other, "00 00 00 00 00 00 00 00 53 00", "00 00 00 00 00 00 00 00 64 0d");
    await expectAnswer(client, "00 00 00 00 00 00 00 00 3d 00", "00 00 00 00 00 00 00 00 64 00");
    await expectAnswer(other, "00 00 00 00 00 00 00 00 3d 00", "00 00 00 00 00 00 00 00 64 10");
    await client.ask(frame(62));
    await expectAnswer(other, "00 00 00 00 00 00 00 00 3d 00", "00 00 00 00 00 00 00 00 64 00");
  });
});

describe("two trackers", () => {
  let tracker: TestTracker;
  let storage: Peer;
  let client: Peer;

  beforeAll(async () => {
    tracker = await TestTracker.start("127.0.30.2", { port: LEADER_PORT });
    storage = await tracker.open("127.0.0.52");
    client = await tracker.open("127.0.30.9");
  });
  afterAll(() => tracker.stop());

  test("8: STORAGE_JOIN of a new storage with status -1", async () => {
    await expectAnswer(
      storage,
      `00 00 00 00 00 00 00 b3 51 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 57 1d 00 00 00 00 00 00 00 02 00 00 00 00 00
       00 00 02 00 00 00 00 00 00 00 0a 00 00 00 00 6b
       01 15 31 00 00 00 00 6b 01 15 31 36 2e 31 36 2e
       31 00 00 01 ff 00 00 00 00 00 00 00 00 00 00 00
       00 00 00 00 00 31 32 37 2e 30 2e 30 2e 35 31 00
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 02 31 32 37 2e 30
       2e 30 2e 35 31 3a 32 32 32 30 31 0a 31 32 37 2e
       30 2e 30 2e 35 34 3a 32 32 32 30 31 0a`,
      `00 00 00 00 00 00 00 11 64 00 00 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 00`,
    );
  });

  test("while nobody leads, nothing is told", async () => {
    expect(await client.status(frame(95))).toBe(2);
    await expectAnswer(storage, "00 00 00 00 00 00 00 00 53 00", "00 00 00 00 00 00 00 01 64 00 00");
  });

  test("16: NOTIFY_NEXT_LEADER and COMMIT_NEXT_LEADER; the follower then tells nothing", async () => {
    const ok = "00 00 00 00 00 00 00 00 64 00";
    await expectAnswer(client, "00 00 00 00 00 00 00 10 42 00 31 32 37 2e 30 2e 30 2e 35 34 3a 32 32 32 30 31", ok);
    await expectAnswer(client, "00 00 00 00 00 00 00 10 43 00 31 32 37 2e 30 2e 30 2e 35 34 3a 32 32 32 30 31", ok);
    await storage.ask(frame(88, Buffer.alloc(24)));
    await expectAnswer(storage, "00 00 00 00 00 00 00 00 53 00", "00 00 00 00 00 00 00 01 64 00 00");
    expect(await client.status(frame(66, "127.0.0.99:22201"))).toBe(2);
    expect(await client.status(frame(66, "nonsense"))).toBe(22);
    expect(await client.status(frame(67, "127.0.0.51:22201"))).toBe(22);
    expect(await client.status(frame(68))).toBe(95);
  });

  test("21: TRACKER_CLUSTER_STAT on a follower", async () => {
    await expectAnswer(client, "00 00 00 00 00 00 00 03 60 00 00 00 00", "00 00 00 00 00 00 00 00 64 5f");
  });

  test("17: JOIN_LEADER and PING_LEADER, once this tracker leads", async () => {
    const own = "127.0.0.51:22201";
    expect(await client.status(frame(66, own))).toBe(0);
    expect(await client.status(frame(67, own))).toBe(0);
    const follower = await tracker.open("127.0.0.54");
    expect(await follower.status(frame(65, Buffer.alloc(12)))).toBe(22);
    const join = `00 00 00 00 00 00 00 18 3a 00 00 00 00 00 6b 01 14 e8 36 2e 31 36 2e 31 00 00
      00 00 00 00 00 00 56 b9`;
    const ping = "00 00 00 00 00 00 00 0c 41 00 00 00 00 10 00 00 00 03 00 00 00 05";
    await expectAnswer(follower, join, "00 00 00 00 00 00 00 00 64 00");
    expect(await follower.status(hex(join))).toBe(17);
    await expectAnswer(follower, ping, `00 00 00 00 00 00 00 20 64 00 67 72 6f 75 70 31 (+ 26 x 00)`);
    await expectAnswer(follower, ping, "00 00 00 00 00 00 00 00 64 00");
    const stat = await client.ask(frame(96, Buffer.alloc(3)));
    expect(stat[10]).toBe(2);
    const second = stat.subarray(11 + 90);
    expect(second.toString("latin1", 0, 16)).toBe("127.0.0.54:22201");
    expect([second[52], second[53]]).toEqual([0, 1]);
    expect(second.toString("latin1", 66, 72)).toBe("6.16.1");
    expect(Number(second.readBigInt64BE(82))).toBe(tracker.clock.now);
    expect(await (await tracker.open("127.0.30.7")).status(hex(join))).toBe(2);
  });
});

describe("storage ids", () => {
  let tracker: TestTracker;
  let client: Peer;

  beforeAll(async () => {
    tracker = await TestTracker.start("127.0.30.3", {
      useStorageId: true,
      idTypeInFilename: "id",
      trustStorageServerId: true,
      storageIds: [
        {
          id: "200001",
          groupName: "group2",
          hosts: ["fd00:1::22"],
          port: 23001,
          rwMode: 6,
        },
        {
          id: "100001",
          groupName: "group1",
          hosts: ["127.0.0.61"],
          port: 23001,
          rwMode: 6,
        },
        {
          id: "100002",
          groupName: "group1",
          hosts: ["127.0.0.61"],
          port: 23002,
          rwMode: 4,
        },
        {
          id: "100003",
          groupName: "group1",
          hosts: ["10.1.2.3", "127.0.0.62"],
          port: 23003,
          rwMode: 2,
        },
      ],
    });
    client = await tracker.open("127.0.30.9");
    await activeStorage(tracker, "127.0.0.61", { port: 23001 });
  });
  afterAll(() => tracker.stop());

  test("3: QUERY_STORE_WITHOUT_GROUP_ONE with 46-byte addresses", async () => {
    await expectAnswer(
      client,
      "00 00 00 00 00 00 00 00 65 00",
      `00 00 00 00 00 00 00 46 64 00 67 72 6f 75 70 31
       00 00 00 00 00 00 00 00 00 00 31 32 37 2e 30 2e
       30 2e 36 31 00 00 00 00 00 00 00 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
       00 00 00 00 00 00 00 00 00 00 00 00 00 59 d9 00`,
    );
  });

  test("19: FETCH_STORAGE_IDS", async () => {
    await expectAnswer(
      client,
      "00 00 00 00 00 00 00 05 45 00 00 00 00 00 00",
      `00 00 00 00 00 00 00 a0 64 00 00 00 00 04 00 00 00 04
       "100001 group1 127.0.0.61:23001\\n"
       "100002 group1 127.0.0.61:23002 rw=read\\n"
       "100003 group1 10.1.2.3,127.0.0.62:23003 rw=write\\n"
       "200001 group2 [fd00:1::22]:23001\\n"`,
    );
    expect(await client.status(frame(69, Buffer.from([0, 0, 0, 4, 0])))).toBe(22);
  });

  test("look-ups by address and port", async () => {
    const port = Buffer.from([0, 0, 0x59, 0xda]);
    const named = await client.ask(frame(109, "127.0.0.61", port));
    expect(named.toString("latin1", 10, 16)).toBe("group1");
    expect(await client.status(frame(109, port))).toBe(2);
    expect(await client.status(frame(109, "1".repeat(46), port))).toBe(36);
    expect(await client.status(frame(109, "abc"))).toBe(22);
    const id = await client.ask(frame(70, padded("group1", 16), "127.0.0.61:23002"));
    expect(id.subarray(10).toString("latin1")).toBe("100002");
    const mine = await (await tracker.open("127.0.0.62")).ask(
      frame(60, padded("group1", 17), Buffer.from([0, 0, 0x59, 0xdb])),
    );
    expect(mine.subarray(10).toString("latin1")).toBe("10.1.2.3,127.0.0.62");
  });

  test("a read-only storage takes no uploads, a write-only one no downloads", async () => {
    const readOnly = await activeStorage(tracker, "127.0.0.61", {
      port: 23002,
      id: "100002",
    });
    const writeOnly = await activeStorage(tracker, "127.0.0.62", {
      port: 23003,
      id: "100003",
    });
    const group = await client.ask(frame(90, padded("group1", 16)));
    expect(Number(group.readBigInt64BE(10 + 65))).toBe(2);
    expect(Number(group.readBigInt64BE(10 + 73))).toBe(2);
    expect(Number(group.readBigInt64BE(10 + 57))).toBe(-1);
    const all = await client.ask(frame(107, padded("group1", 16)));
    expect(all.length).toBe(10 + 17 + 2 * 53);
    await readOnly.close();
    await writeOnly.close();
  });
});

describe("trunk mode", () => {
  let tracker: TestTracker;
  let storageServer: Server;
  let port: number;

  beforeAll(async () => {
    // The storage's side of the election: it answers the size of its trunk binlog.
    storageServer = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        expect(bytes[8]).toBe(31);
        socket.write(Buffer.concat([int64(8), Buffer.from([100, 0]), int64(4096)]));
      });
    });
    await new Promise<void>((resolve) => storageServer.listen(0, "127.0.0.57", resolve));
    port = (storageServer.address() as { port: number }).port;
    tracker = await TestTracker.start("127.0.30.4", { useTrunkFile: true });
  });
  afterAll(async () => {
    await tracker.stop();
    await new Promise((resolve) => storageServer.close(resolve));
  });

  test("20: SET_TRUNK_SERVER without an id, FETCH_TRUNK_FID, REPORT_TRUNK_FID", async () => {
    const client = await tracker.open("127.0.30.9");
    const storage = await activeStorage(tracker, "127.0.0.57", { port });
    await untilLeads(client);
    await expectAnswer(
      client,
      "00 00 00 00 00 00 00 10 5e 00 67 72 6f 75 70 31 (+ 10 x 00)",
      "00 00 00 00 00 00 00 0b 64 00 31 32 37 2e 30 2e 30 2e 35 37 00",
    );
    // All of it is told with the next beat.
    const told = await storage.ask(frame(83));
    expect(told[10]).toBe(7);
    expect(told.length).toBe(10 + 1 + 3 * 67);
    await expectAnswer(storage, "00 00 00 00 00 00 00 00 48 00", "00 00 00 00 00 00 00 04 64 00 00 00 00 00");
    await expectAnswer(storage, "00 00 00 00 00 00 00 04 49 00 00 00 00 01", "00 00 00 00 00 00 00 00 64 00");
    await expectAnswer(storage, "00 00 00 00 00 00 00 00 48 00", "00 00 00 00 00 00 00 04 64 00 00 00 00 01");
    const group = hex(GROUP1);
    expect(await client.status(frame(94, group, "127.0.0.57"))).toBe(114);
    expect(await client.status(frame(94, group, "127.0.0.58"))).toBe(17);
    expect(await storage.status(frame(74, int64(500)))).toBe(0);
    expect(await storage.status(frame(74, int64(-1)))).toBe(22);
  });
});
