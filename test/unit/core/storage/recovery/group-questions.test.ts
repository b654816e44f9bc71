// What a recovery asks the trackers, and what their answers lead to.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createLogger } from "../../../../../core/observe/logger.ts";
import { GroupQuestions, nameOf } from "../../../../../core/storage/recovery/group-questions.ts";
import { groupStat, storageInfo } from "../../../../../core/wire/tracker-list.ts";
import { storageBrief } from "../../../../../core/wire/tracker-report.ts";
import { group, storage } from "../../../cmd/render/fixtures.ts";
import { FakeTracker } from "../control/fake-tracker.ts";

const [GET_STATUS, ONE_GROUP, LIST] = [71, 90, 92];
const [INIT, DELETED, OFFLINE, ACTIVE, RECOVERY] = [0, 4, 5, 7, 9];
const OWN = "127.0.92.71";
let trackers: FakeTracker[];
let abort: AbortController;
const lines: string[] = [];

beforeEach(async () => {
  trackers = [new FakeTracker("127.0.92.72"), new FakeTracker("127.0.92.73")];
  for (const tracker of trackers) await tracker.start();
  abort = new AbortController();
  lines.length = 0;
});
afterEach(async () => {
  abort.abort(new Error("the test is over"));
  for (const tracker of trackers) await tracker.stop();
});

const questions = (storePathCount = 2): GroupQuestions =>
  new GroupQuestions({
    trackers: trackers.map(({ host, port }) => ({ hosts: [host], port })),
    linkOptions: { localAddresses: [], connectTimeoutMs: 1000, networkTimeoutMs: 1000 },
    discovery: { groupName: "group1", addresses: [OWN], id: OWN },
    port: 23000,
    storePathCount,
    log: createLogger("DEBUG", (line) => lines.push(line)),
    signal: abort.signal,
  });

const brief = (status: number): Uint8Array => storageBrief.format({ status, port: 23000, id: OWN, ipAddress: OWN });
function statuses(...each: (number | null)[]): void {
  for (const [index, status] of each.entries()) {
    trackers[index]!.answers.set(GET_STATUS, () => (status === null ? { status: 2 } : { body: brief(status) }));
  }
}
function groupOf(changes: Partial<ReturnType<typeof group>>): void {
  const body = groupStat.format({ ...group(), storageCount: 2, storePathCount: 2, ...changes });
  for (const tracker of trackers) tracker.answers.set(ONE_GROUP, () => ({ body }));
}

describe("needed", () => {
  test("with the highest status that a tracker knows", async () => {
    statuses(OFFLINE, ACTIVE);
    groupOf({});
    expect(await questions().need()).toEqual({ isNeeded: true, savedStatus: ACTIVE });
    expect(trackers[0]!.of(GET_STATUS)[0]!.body.subarray(16).toString()).toBe(`${OWN}:23000`);
  });
  test("a status of RECOVERY is that of an earlier attempt", async () => {
    statuses(RECOVERY, null);
    groupOf({});
    expect(await questions().need()).toEqual({ isNeeded: true, savedStatus: OFFLINE });
  });
});

describe("not needed", () => {
  const reasonOf = async (count = 2): Promise<string> => {
    const need = await questions(count).need();
    return need.isNeeded ? "needed" : need.reason;
  };
  test("unknown, new or gone", async () => {
    groupOf({});
    statuses(null, null);
    expect(await reasonOf()).toBe("no tracker knows this storage");
    statuses(INIT, null);
    expect(await reasonOf()).toContain("filled anew");
    statuses(DELETED, INIT);
    expect(await reasonOf()).toContain("status 4");
  });
  test("alone in its group, or with a store path more than the others", async () => {
    statuses(OFFLINE, OFFLINE);
    groupOf({ storageCount: 1 });
    expect(await reasonOf()).toBe("the group has no other storage");
    groupOf({ storePathCount: 2 });
    expect(await reasonOf(3)).toContain("the path is a new one");
  });
});

test("a tracker that is away is waited for, with a line in the log, until the end of the storage", async () => {
  statuses(null, OFFLINE);
  await trackers[1]!.stop();
  const asking = questions().need();
  const deadline = Date.now() + 5000;
  while (!lines.some((line) => line.includes("Recovery waits")) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  abort.abort(new Error("stopped"));
  await expect(asking).rejects.toThrow("stopped");
});

describe("candidates", () => {
  test("the others that are ACTIVE and may be read from", async () => {
    const one = (id: string, status: number, rwMode: number): Uint8Array =>
      storageInfo.format({ ...storage(), id, ipAddress: id, status, rwMode, storagePort: 23000 });
    const body = Buffer.concat([
      one(OWN, ACTIVE, 6),
      one("10.0.0.2", ACTIVE, 6),
      one("10.0.0.3", OFFLINE, 6),
      one("10.0.0.4", ACTIVE, 2),
      one("10.0.0.5", ACTIVE, 4),
    ]);
    trackers[0]!.answers.set(LIST, () => ({ status: 2 }));
    trackers[1]!.answers.set(LIST, () => ({ body }));
    expect((await questions().candidates())?.map(nameOf)).toEqual(["10.0.0.2:23000", "10.0.0.5:23000"]);
  });
  test("no tracker tells", async () => {
    for (const tracker of trackers) tracker.answers.set(LIST, () => ({ status: 2 }));
    expect(await questions().candidates()).toBeNull();
  });
  test("addresses of IPv6 stand in brackets", () => {
    expect(nameOf({ id: "x", host: "::1", port: 5 })).toBe("[::1]:5");
  });
});
