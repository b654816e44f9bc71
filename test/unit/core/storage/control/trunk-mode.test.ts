// The trackers' trunk settings as a storage reads them; errands over a reporter's connection; whose word about the trunk
// server counts.

import { describe, expect, test } from "bun:test";
import { Errands } from "../../../../../core/storage/control/errands.ts";
import { Membership } from "../../../../../core/storage/control/membership.ts";
import { parseTrackerParameters } from "../../../../../core/storage/control/parameters.ts";
import type { TrackerLink } from "../../../../../core/storage/control/tracker-link.ts";

describe("trunk parameters", () => {
  test("a storage's own defaults where the tracker does not tell", () => {
    expect(parseTrackerParameters("use_trunk_file=0\n").trunk).toBeNull();
    expect(parseTrackerParameters("use_trunk_file=1\n").trunk).toEqual({
      slotMinSize: 256,
      slotMaxSize: 16 * 1_048_576,
      allocAlignmentSize: 0,
      trunkFileSize: 64 * 1_048_576,
      createFileAdvance: false,
      createFileTimeBase: 7200,
      createFileInterval: 86_400,
      createFileSpaceThreshold: 0,
      initCheckOccupying: false,
      initReloadFromBinlog: false,
      freeSpaceMerge: false,
      deleteUnusedTrunkFiles: false,
      compressBinlogMinInterval: 0,
      compressBinlogInterval: 0,
      compressBinlogTimeBase: 10_800,
      binlogMaxBackups: 0,
    });
  });

  test("the tracker's text; the smallest slot is lifted to the alignment", () => {
    const { trunk } = parseTrackerParameters(
      "use_trunk_file=1\nslot_min_size=256\nslot_max_size=65536\ntrunk_alloc_alignment_size=512\ntrunk_file_size=4194304\n" +
        "trunk_create_file_advance=1\ntrunk_create_file_time_base=04:30\ntrunk_create_file_interval=3600\n" +
        "trunk_create_file_space_threshold=21474836480\ntrunk_init_check_occupying=1\ntrunk_free_space_merge=1\n" +
        "trunk_compress_binlog_interval=86400\ntrunk_compress_binlog_time_base=03:15\ntrunk_binlog_max_backups=7\n",
    );
    expect(trunk).toMatchObject({
      slotMinSize: 512,
      slotMaxSize: 65_536,
      trunkFileSize: 4_194_304,
      createFileAdvance: true,
      createFileTimeBase: 16_200,
      createFileInterval: 3600,
      createFileSpaceThreshold: 21_474_836_480,
      initCheckOccupying: true,
      freeSpaceMerge: true,
      compressBinlogInterval: 86_400,
      compressBinlogTimeBase: 11_700,
      binlogMaxBackups: 7,
    });
  });
});

describe("errands", () => {
  const linkOf = (isUsable: boolean): TrackerLink => ({ isUsable }) as TrackerLink;

  test("are run by the reporter of their tracker, which is woken", async () => {
    const errands = new Errands(2);
    const resting = errands.pause(1, 60_000, new AbortController().signal);
    const answer = errands.ask(1, 60_000, async () => 42);
    await resting;
    await errands.runAll(0, linkOf(true));
    await errands.runAll(1, linkOf(true));
    expect(await answer).toBe(42);
  });

  test("a refusal is the asker's, a lost connection the reporter's, too", async () => {
    const errands = new Errands(1);
    const fail = async (): Promise<never> => {
      throw new Error("refused");
    };
    const refused = errands.ask(0, 60_000, fail);
    await errands.runAll(0, linkOf(true));
    await expect(refused).rejects.toThrow("refused");
    const lost = errands.ask(0, 60_000, fail);
    lost.catch(() => {});
    await expect(errands.runAll(0, linkOf(false))).rejects.toThrow("refused");
    await expect(lost).rejects.toThrow("refused");
  });

  test("who waits for too long is told, and the errand is forgotten", async () => {
    const errands = new Errands(1);
    let runs = 0;
    const late = errands.ask(0, 5, async () => runs++);
    await expect(late).rejects.toThrow("in time");
    await errands.runAll(0, linkOf(true));
    expect(runs).toBe(0);
  });
});

describe("who is the trunk server", () => {
  const member = { id: "10.0.0.2", ipAddress: "10.0.0.2", port: 23000, status: 7 };

  test("the only tracker's word counts, whoever it calls leader", () => {
    const membership = new Membership("10.0.0.1", 1);
    expect(membership.trunkServerAnnounced(0, member)).toBe(true);
    expect(membership.trunkServer).toEqual(member);
    expect(membership.trunkAnnouncements).toBe(1);
  });

  test("of several only the leader's", () => {
    const membership = new Membership("10.0.0.1", 2);
    membership.leaderAnnounced(0);
    expect(membership.trunkServerAnnounced(1, member)).toBe(false);
    expect(membership.trunkServer).toBeNull();
    expect(membership.trunkServerAnnounced(0, member)).toBe(true);
  });

  test("a word that came before its tracker was known to lead counts then: trackers do not repeat themselves", () => {
    const membership = new Membership("10.0.0.1", 2);
    membership.trunkServerAnnounced(1, member);
    expect(membership.trunkAnnouncements).toBe(0);
    membership.leaderAnnounced(1);
    expect(membership.trunkServer).toEqual(member);
    expect(membership.trunkAnnouncements).toBe(1);
  });

  test("but not after another leader has spoken, or a new join", () => {
    const membership = new Membership("10.0.0.1", 2);
    membership.trunkServerAnnounced(1, member);
    membership.leaderAnnounced(0);
    membership.trunkServerAnnounced(0, null);
    membership.leaderChecked(1, false);
    expect(membership.trunkServer).toBeNull();
    membership.trunkServerAnnounced(0, member);
    membership.joined(0, 7);
    membership.leaderChecked(0, false);
    expect(membership.trunkServer).toBeNull();
  });
});
