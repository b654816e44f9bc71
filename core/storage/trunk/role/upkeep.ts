// What a trunk server does to its files now and then: snapshots of the map, compaction of the trunk binlog, removal of trunk
// files that hold nothing any more.

import { rmSync, statSync } from "node:fs";
import { hex2 } from "../../../fileid/logic-name.ts";
import type { Logger } from "../../../observe/logger.ts";
import { messageOf } from "../../control/discovery.ts";
import type { InitFlagFile } from "../../control/init-flag.ts";
import type { TrunkParameters } from "../../control/trunk-parameters.ts";
import type { Scoreboard } from "../../scoreboard/scoreboard.ts";
import type { TrunkJournalFile } from "../journal-file.ts";
import type { SharedTrunkSpace } from "../shared-space.ts";
import { writeSnapshot } from "../snapshot.ts";
import { trunkFilePath, trunkTruePath } from "../trunk-file.ts";
import { compact, recoverCompaction } from "./compaction.ts";
import { Stage } from "./compaction-plan.ts";
import type { CompactionHelp } from "./compaction-steps.ts";
import { midnightBefore, nextTime } from "./creation-plan.ts";
import type { TrunkPaths } from "./paths.ts";

/** As C: who has just started does not compact. */
const COMPACT_AFTER_SECONDS = 600;
const SNAPSHOT_EVERY_SECONDS = 3600;
/** A trunk file is not removed before this age: an upload may be on its way into it. */
const UNUSED_SECONDS = 60;

export interface UpkeepHelp {
  readonly space: SharedTrunkSpace;
  readonly journal: TrunkJournalFile;
  readonly paths: TrunkPaths;
  readonly storePaths: readonly string[];
  readonly parameters: TrunkParameters;
  readonly flag: InitFlagFile;
  readonly scoreboard: Scoreboard;
  readonly log: Logger;
  /** Start of this storage, Unix seconds. */
  readonly upSince: number;
  /** The binlog is another one now: copies of it begin anew. */
  replaced(): void;
  /** The files cannot be brought in order: the role is given up. */
  failed(reason: string): void;
  pause(): Promise<void>;
}

export class Upkeep {
  readonly #help: UpkeepHelp;
  #nextCompaction: number | null;
  #snapshotSeconds: number;
  #snapshotSize = -1;
  #compactedSize = -1;
  #isCompacting = false;
  #compacting: Promise<boolean> = Promise.resolve(false);

  constructor(help: UpkeepHelp, nowSeconds: number) {
    this.#help = help;
    this.#nextCompaction = this.#after(nowSeconds);
    this.#snapshotSeconds = nowSeconds;
  }

  /** Called about once a second. */
  tick(nowSeconds: number): void {
    if (this.#nextCompaction !== null && nowSeconds >= this.#nextCompaction) {
      this.#nextCompaction = this.#after(nowSeconds);
      void this.compact(nowSeconds);
    }
    if (nowSeconds - this.#snapshotSeconds < SNAPSHOT_EVERY_SECONDS || this.#help.parameters.compressBinlogInterval > 0)
      return;
    void this.save(nowSeconds);
  }

  /** A snapshot, or a compaction when one is due (trunk_compress_binlog_min_interval). Does not reject. */
  async save(nowSeconds: number): Promise<void> {
    const { parameters, flag } = this.#help;
    this.#snapshotSeconds = nowSeconds;
    const least = parameters.compressBinlogMinInterval;
    if (least > 0 && nowSeconds - flag.value.trunkLastCompressTime > least && (await this.compact(nowSeconds))) return;
    this.snapshot(nowSeconds);
  }

  /** Writes what is free now, if it has changed; a failure is logged. */
  snapshot(nowSeconds: number): void {
    const { space, journal, paths, log } = this.#help;
    if (this.#isCompacting || space.isDamaged) return;
    try {
      journal.flush();
      const { size } = journal;
      if (size === this.#snapshotSize) return;
      this.#deleteUnused(nowSeconds);
      journal.flush();
      // Changes since then stand in the binlog behind this offset, and in the map: both is harmless.
      const offset = journal.size;
      writeSnapshot(paths.snapshot, offset, space.exclusively((map) => map.copy()).blocks(), nowSeconds);
      this.#snapshotSize = offset;
    } catch (error) {
      log.error(`Cannot write ${paths.snapshot}: ${messageOf(error)}`);
    }
  }

  /** Resolves when no compaction is under way. */
  async ended(): Promise<void> {
    await this.#compacting;
  }

  /** True when it was done. Does not reject. */
  compact(nowSeconds: number): Promise<boolean> {
    if (this.#isCompacting) return Promise.resolve(false);
    this.#compacting = this.#compact(nowSeconds);
    return this.#compacting;
  }

  async #compact(nowSeconds: number): Promise<boolean> {
    const { log, journal, flag, upSince, failed, space } = this.#help;
    if (space.isDamaged || nowSeconds - upSince < COMPACT_AFTER_SECONDS) return false;
    const stage = flag.value.trunkBinlogCompressStage;
    if (stage !== Stage.NONE && stage !== Stage.FINISHED) return false;
    this.#isCompacting = true;
    try {
      this.#deleteUnused(nowSeconds);
      journal.flush();
      if (journal.size === this.#compactedSize) return false;
      const before = journal.size;
      await compact({
        ...this.#steps(nowSeconds),
        whileBinlogRests: (run) => this.#whileBinlogRests(run),
        pause: this.#help.pause,
      });
      flag.update({ trunkLastCompressTime: nowSeconds });
      this.#compactedSize = journal.size;
      this.#snapshotSize = -1;
      log.info(`Compacted the trunk binlog from ${before} to ${this.#compactedSize} bytes`);
      return true;
    } catch (error) {
      log.error(`Cannot compact the trunk binlog: ${messageOf(error)}`);
      if (!this.#takeBack(nowSeconds))
        failed("the trunk binlog could not be compacted, and that could not be taken back");
      return false;
    } finally {
      this.#isCompacting = false;
    }
  }

  #takeBack(nowSeconds: number): boolean {
    const { space, flag, replaced, log } = this.#help;
    try {
      space.whileJournalRests(() => recoverCompaction(flag.value.trunkBinlogCompressStage, this.#steps(nowSeconds)));
      replaced();
      return true;
    } catch (error) {
      log.crit(`Cannot take the compaction of the trunk binlog back: ${messageOf(error)}`);
      return false;
    }
  }

  /** Everything that was logged so far is in the file that is set aside. */
  #whileBinlogRests(run: () => void): void {
    this.#help.journal.flush();
    this.#help.space.whileJournalRests(run);
  }

  #steps(nowSeconds: number): CompactionHelp {
    const { paths, flag, space, replaced } = this.#help;
    return {
      paths,
      saveStage: (stage) => {
        flag.update({ trunkBinlogCompressStage: stage });
        if (stage === Stage.COMMIT_MERGE_DONE) replaced();
      },
      saveSnapshot: () => writeSnapshot(paths.snapshot, 0, space.exclusively((map) => map.copy()).blocks(), nowSeconds),
    };
  }

  #after(nowSeconds: number): number | null {
    const { compressBinlogTimeBase: timeBase, compressBinlogInterval: interval } = this.#help.parameters;
    return nextTime({ timeBase, interval }, nowSeconds, midnightBefore(nowSeconds));
  }

  /** On this storage only, as C: the others keep an empty file. */
  #deleteUnused(nowSeconds: number): void {
    const { space, storePaths, parameters, scoreboard, log } = this.#help;
    const { trunkFileSize } = space.rules;
    if (!parameters.freeSpaceMerge || !parameters.deleteUnusedTrunkFiles) return;
    for (const { place, freeBytes, isQuarantined } of space.exclusively((map) => map.files())) {
      if (isQuarantined || freeBytes < trunkFileSize) continue;
      const path = trunkFilePath(storePaths[place.storePathIndex]!, place);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined || stat.size !== freeBytes || nowSeconds - stat.mtimeMs / 1000 < UNUSED_SECONDS) continue;
      if (!space.exclusively((map) => map.dropFile(place, stat.size))) continue;
      rmSync(path, { force: true });
      scoreboard.contentChanged(`M${hex2(place.storePathIndex)}/${trunkTruePath(place)}`);
      log.info(`Removed the trunk file ${path}: nothing was in it`);
    }
  }
}
