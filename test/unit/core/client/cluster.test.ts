// What an administrator does on all trackers: storages and groups are deleted only where that is safe, and what differs
// between trackers is told (http-config-tools.md §4.3).

import { afterEach, describe, expect, test } from "bun:test";
import { captured, failure, hexOf, response, Stage } from "./fake-cluster.ts";

const stage = new Stage();
afterEach(() => stage.close());

const LIST = 92;
const DELETE = 93;
const RECORD_SIZE = 487;
const ACTIVE = 7;
const OFFLINE = 5;

/** One storage record with this status; the rest is zero. */
function listed(status: number): Buffer {
  const record = Buffer.alloc(RECORD_SIZE);
  record[0] = status;
  return response(record);
}

const tracker = (status: number, deletion: number) =>
  stage.server((request) => (request[8] === LIST ? listed(status) : response("", deletion)));
const unknowing = () => stage.server(() => response("", 2));
const sent = (server: { requests: Buffer[] }): number[] => server.requests.map((request) => request[8]!);

describe("deleting a storage", () => {
  test("asks all trackers first, then tells all", async () => {
    const [one, two] = [await tracker(OFFLINE, 0), await tracker(OFFLINE, 0)];
    await stage.client([one, two]).deleteStorage("group1", "127.0.0.52");
    expect([sent(one), sent(two)]).toEqual([
      [LIST, DELETE],
      [LIST, DELETE],
    ]);
    expect(hexOf(one)[1]).toBe(captured("tracker.md §10.7").request.replace("1a5c00", "1a5d00"));
  });

  test("is refused when one tracker sees it active, and nobody is told", async () => {
    const [one, two] = [await tracker(OFFLINE, 0), await tracker(ACTIVE, 0)];
    const error = await failure(stage.client([one, two]).deleteStorage("group1", "127.0.0.52"));
    expect(error.message).toBe(
      "Cannot delete storage 127.0.0.52 of group1: 127.0.0.52: it is ACTIVE: stop it first (16)",
    );
    expect(error.status).toBe(16);
    expect([sent(one), sent(two)]).toEqual([[LIST], [LIST]]);
  });

  test("needs all trackers", async () => {
    const one = await tracker(OFFLINE, 0);
    const error = await failure(stage.client([one, await stage.nobody()]).deleteStorage("group1", "127.0.0.52"));
    expect(error.status).toBe(111);
    expect(sent(one)).toEqual([LIST]);
  });

  test.each([2, 114])("a tracker that answers %d beside one that did it does no harm", async (status) => {
    const trackers = [await tracker(OFFLINE, 0), await tracker(OFFLINE, status)];
    await stage.client(trackers).deleteStorage("group1", "127.0.0.52");
  });

  test.each([2, 114, 16])("the answer %d of all trackers is the result", async (status) => {
    const trackers = [await tracker(OFFLINE, status), await tracker(OFFLINE, status)];
    expect((await failure(stage.client(trackers).deleteStorage("group1", "127.0.0.52"))).status).toBe(status);
  });

  test("unknown to all is 2", async () => {
    const trackers = [await unknowing(), await unknowing()];
    expect((await failure(stage.client(trackers).deleteStorage("group1", "127.0.0.52"))).status).toBe(2);
  });
});

describe("deleting a group", () => {
  test("is done when one tracker did it and the others do not know it", async () => {
    await stage.client([await unknowing(), await stage.server(() => response())]).deleteGroup("group1");
  });

  test("that still has members is 16", async () => {
    const trackers = [await stage.server(() => response()), await stage.server(() => response("", 16))];
    expect((await failure(stage.client(trackers).deleteGroup("group1"))).status).toBe(16);
  });
});

describe("the filters of the statistics", () => {
  const stat = async (act: (client: ReturnType<Stage["client"]>) => Promise<unknown>): Promise<string> => {
    // Flags and an empty list, long enough for any of the three answers.
    const server = await stage.server((request) => response(Buffer.alloc({ 96: 1, 97: 6, 98: 5 }[request[8]!] ?? 0)));
    await act(stage.client([server]));
    return server.requests[0]!.subarray(8).toString("hex");
  };

  test("of trackers", async () => {
    expect(await stat((client) => client.trackerStat({}))).toBe("6000000000");
    expect(await stat((client) => client.trackerStat({ isActive: true }))).toBe("6000010100");
    expect(await stat((client) => client.trackerStat({ isLeader: false }))).toBe("6000020000");
  });

  test("of storages", async () => {
    expect(await stat((client) => client.storageStat({ isActive: true }))).toBe("6100023d0700");
    expect(await stat((client) => client.storageStat({ isActive: false }))).toBe("610002210700");
    expect(await stat((client) => client.storageStat({ isTrunkServer: true }))).toBe("6100013d0701");
  });

  test("of space", async () => {
    expect(await stat((client) => client.volumeStat({ isSpaceAvailable: true }))).toBe("620004000001");
    expect(await stat((client) => client.volumeStat({ isDiskAvailable: false }))).toBe("620001000000");
  });
});

test("parameters are read line by line", async () => {
  const server = await stage.server(() => response("use_storage_id=0\nreserved_storage_space=20.00%\n"));
  expect(await stage.client([server]).parameters()).toEqual(
    new Map([
      ["use_storage_id", "0"],
      ["reserved_storage_space", "20.00%"],
    ]),
  );
});
