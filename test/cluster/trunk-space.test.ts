// Small files in trunk mode on two storages: half of them are deleted and as many come again. The space is used again, every
// file is equal everywhere, and the disks, the trunk binlogs and `fdfs trunk check` agree. FDFS_TRUNK_FILES,
// FDFS_TRUNK_FILE_MB, FDFS_TRUNK_MERGE and FDFS_TRUNK_SEED change the run.

import { describe, expect, test } from "bun:test";
import { ProcessCluster, whyNoCluster } from "./support/cluster.ts";
import { trunkUsage } from "./support/slots.ts";
import { trunkCheck } from "./support/trunk-check.ts";
import { Contents, TrunkLedger } from "./support/trunk-ledger.ts";
import { TrunkLoad } from "./support/trunk-load.ts";
import { copiesEqual, judgeTrunkLogs, shown } from "./support/trunk-log.ts";
import { serving } from "./support/trunk-server.ts";
import { readBack, settled } from "./support/trunk-verify.ts";
import { until } from "./support/waiting.ts";

const FILES = Number(process.env.FDFS_TRUNK_FILES ?? 3000);
const SEED = Number(process.env.FDFS_TRUNK_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));
/** FDFS_TRUNK_MERGE=0 or 1 leaves the other one out. */
const MERGES = [true, false].filter((merges) => process.env.FDFS_TRUNK_MERGE !== (merges ? "0" : "1"));
const SETTLE_TIMEOUT_MS = 60_000 + FILES * 2;
/** What a storage waits before a place is used again that was deleted (duty.ts), and a second more. */
const COOL_MS = 31_000;
const TEST_TIMEOUT_MS = 200_000 + FILES * 20;
const TRUNK_FILE_BYTES = Number(process.env.FDFS_TRUNK_FILE_MB ?? 4) * 1_048_576;
/** Each of the two store paths has a trunk file that is not full, and one ahead. */
const SLACK_BYTES = 4 * TRUNK_FILE_BYTES;
const LINES = [
  "use_trunk_file = 1",
  "store_server = 1",
  "slot_min_size = 256",
  "slot_max_size = 64KB",
  `trunk_file_size = ${TRUNK_FILE_BYTES}`,
  "check_active_interval = 2",
  "trunk_binlog_max_backups = 1000",
];
const missing = whyNoCluster("fdfs");

describe.skipIf(missing !== null)(`trunk space${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  for (const merges of MERGES) {
    test.concurrent(
      `space is used again, ${merges ? "free neighbours are joined" : "free neighbours stay apart"}`,
      async () => {
        const trackerLines = [...LINES, `trunk_free_space_merge = ${merges ? 1 : 0}`];
        const cluster = await ProcessCluster.start({ maker: "fdfs", trackers: 1, storages: 2, trackerLines });
        try {
          await run(cluster, merges);
        } finally {
          await cluster.stop();
        }
      },
      TEST_TIMEOUT_MS,
    );
  }
});

async function run(cluster: ProcessCluster, merges: boolean): Promise<void> {
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);
  const { storages } = cluster;
  const server = await serving(cluster);
  const ledger = new TrunkLedger();
  const contents = new Contents(SEED);
  const load = new TrunkLoad({ cluster, ledger, contents, seed: SEED, lanes: 8, sizes: [200, 60 * 1024] });

  await load.upload(FILES);
  const peak = ledger.aliveBytes;
  const filled = storages.map(trunkUsage);
  const uploaded = seconds();
  await load.delete(Math.floor(FILES / 2));
  const deletedAt = performance.now();
  const deleted = seconds();
  await settled(storages, ledger, SETTLE_TIMEOUT_MS);
  await until("deleted places to be given again", COOL_MS * 2, () =>
    performance.now() - deletedAt > COOL_MS ? null : "they cool",
  );
  await load.upload(Math.floor(FILES / 2));
  const again = seconds();
  const last = await settled(storages, ledger, SETTLE_TIMEOUT_MS);
  const { read, wrong } = await readBack(storages, ledger, contents);
  await copiesEqual(storages, server);
  const logs = judgeTrunkLogs(storages);
  const { problems, notices } = await trunkCheck(storages);
  const usage = storages.map(trunkUsage);
  const plain = ledger.files.filter(({ slot }) => slot === null).length;
  const shared = ledger.sharedPlaces();
  const mb = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
  console.log(
    [
      `trunk space: ${FILES} files, merge ${merges ? "on" : "off"}, seed ${SEED} (FDFS_TRUNK_SEED), ${seconds()} s in all`,
      load.report(),
      `  uploaded after ${uploaded} s, half deleted after ${deleted} s, as many again after ${again} s`,
      `  slots alive at most ${mb(peak)}, now ${mb(ledger.aliveBytes)}; ${ledger.reused} files in places that were used before; ${plain} plain`,
      ...usage.map(
        (now, at) =>
          `  ${storages[at]!.label}: ${filled[at]!.files} trunk files of ${mb(filled[at]!.bytes)} before, ${now.files} of ${mb(now.bytes)} now, ${(now.bytes / peak).toFixed(2)} of the most that was alive`,
      ),
      `  settled after ${last.milliseconds} ms; ${read} answers compared, ${wrong.length} wrong; ${logs.lines} lines in ${logs.logs} trunk binlogs`,
      `  fdfs trunk check: ${problems.length} problems${["", ...notices].join("\n    ")}`,
    ].join("\n"),
  );
  expect(wrong).toEqual([]);
  expect(load.wrongReads).toEqual([]);
  expect(shared).toEqual([]);
  expect(shown(problems)).toBe("");
  expect(shown(logs.takenTwice)).toBe("");
  expect(shown(logs.oddities)).toBe("");
  for (const { junk, damaged } of last.contents) expect({ junk, damaged }).toEqual({ junk: [], damaged: [] });
  expect(last.unknown).toEqual([]);
  expect(plain).toBeLessThan(FILES / 100);
  for (const { bytes } of usage) expect(bytes).toBeLessThan(1.3 * peak + SLACK_BYTES);
}
