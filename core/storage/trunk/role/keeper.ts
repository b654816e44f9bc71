// The trunk server role on the control thread: follows the leading tracker's word, begins and ends this storage's terms,
// holds back while the leader is silent, tells the workers, the trackers and the operators. What a term does is duty.ts's.

import { closeSync, openSync } from "node:fs";
import { DIRECTORY_MODE, ensureDirectory } from "../../../disk/ensure-directory.ts";
import { Status } from "../../../wire/status.ts";
import type { TrunkInfo } from "../../../wire/storage-sync.ts";
import { messageOf } from "../../control/discovery.ts";
import type { Member } from "../../control/membership.ts";
import type { TrackerLink } from "../../control/tracker-link.ts";
import type { TrunkParameters } from "../../control/trunk-parameters.ts";
import { FIRST_OWNER } from "../../scoreboard/connections.ts";
import { TrunkJournalFile } from "../journal-file.ts";
import { SharedTrunkSpace } from "../shared-space.ts";
import { formatTrunkNotice } from "../trunk-notice.ts";
import { recoverCompaction } from "./compaction.ts";
import { Duty, type DutyHelp } from "./duty.ts";
import { makeDutyHelp } from "./duty-help.ts";
import type { TrunkKeeperHelp } from "./keeper-help.ts";
import { writeLastTrunkServer } from "./last-server.ts";
import { LeaderLine } from "./leader-line.ts";
import { type TrunkPaths, trunkPaths } from "./paths.ts";
import { trunkBinlogSize } from "./received-binlog.ts";
import { StatusReport } from "./status-report.ts";

const CONTROL_OWNER = FIRST_OWNER - 1;
/** Free blocks that the map has room for; memory is taken as they come. */
const BLOCKS_MAX = 4_194_304;
/** A term that could not begin is tried again. */
const RETRY_MS = 60_000;
const MB = 1_048_576;

export class TrunkKeeper {
  readonly #help: TrunkKeeperHelp;
  readonly #parameters: TrunkParameters;
  readonly #space: SharedTrunkSpace;
  readonly #journal: TrunkJournalFile;
  readonly #paths: TrunkPaths;
  readonly #line: LeaderLine;
  readonly #status: StatusReport;
  readonly #dutyHelp: DutyHelp;
  #duty: Duty | null = null;
  /** Announcements that were heard. */
  #seen = 0;
  /** The announcement that named another trunk server last. */
  #term = 0;
  #server: Member | null = null;
  #isSuspended = false;
  /** The leader was silent in this term: another storage may have had the role meanwhile. */
  #hasRested = false;
  #freeMb = 0;
  #transition: Promise<void> = Promise.resolve();

  /** Takes the files of an unfinished compaction in order; throws the system's error when that is impossible. */
  constructor(help: TrunkKeeperHelp, parameters: TrunkParameters) {
    this.#help = help;
    this.#parameters = parameters;
    const { settings, team, membership, errands } = help;
    this.#paths = trunkPaths(settings.basePath);
    this.#bringInOrder();
    const rules = {
      slotMinSize: parameters.slotMinSize,
      slotMaxSize: parameters.slotMaxSize,
      alignmentSize: parameters.allocAlignmentSize,
      trunkFileSize: parameters.trunkFileSize,
      mergesFree: parameters.freeSpaceMerge,
    };
    const setup = SharedTrunkSpace.create(rules, BLOCKS_MAX);
    this.#space = new SharedTrunkSpace(setup, CONTROL_OWNER);
    this.#journal = new TrunkJournalFile(this.#space, this.#paths.folder);
    const heartBeatIntervalMs = settings.heartBeatIntervalSeconds * 1000;
    const trackerCount = settings.trackerServers.length;
    this.#line = new LeaderLine({ trackerCount, heartBeatIntervalMs, membership, errands });
    this.#status = new StatusReport(this.#space);
    this.#dutyHelp = makeDutyHelp(help, {
      ...{ parameters, space: this.#space, journal: this.#journal, line: this.#line },
      isServing: () => this.#duty?.state === "serving",
      isSuspended: () => this.#isSuspended,
    });
    this.#publish();
    help.foundSlots.onInUse((block) => this.taken(block));
    team.onTrunkFileWanted((storePath) => void this.#fileWanted(storePath));
    team.trunkStarted(setup);
  }

  /** A tracker's answer has been digested: the leader may have named another trunk server, and it is alive. */
  heard(tracker: number, sentMs: number): void {
    const { membership, log } = this.#help;
    if (membership.trunkAnnouncements !== this.#seen) this.#announced();
    if (!membership.isLeader(tracker)) return;
    this.#line.heard(sentMs);
    this.#space.lease(this.#line.leaseMs);
    if (!this.#isSuspended || this.#line.isSilent) return;
    this.#isSuspended = false;
    if (this.#duty?.state === "serving") this.#space.resume();
    log.notice("The leading tracker is heard again: this storage hands out slots in trunk files again");
  }

  /** This slot is not free, whatever the map says. */
  taken(block: TrunkInfo): void {
    this.#space.carve(block);
  }

  groupChanged(): void {
    this.#duty?.groupChanged();
  }

  /** Called about once a second. */
  tick(): void {
    const { log } = this.#help;
    if (this.#duty !== null && !this.#isSuspended && this.#line.isSilent) {
      this.#isSuspended = true;
      this.#hasRested = true;
      this.#space.suspend();
      log.warn(
        "The leading tracker is silent and may appoint another trunk server: no slots in trunk files until it is heard",
      );
    }
    if (this.#space.isDamaged && this.#duty?.state === "serving") {
      log.error("A thread died while it changed the map of free space: it is loaded anew");
      this.#change(this.#server);
    } else if (this.#duty !== null && this.#duty.failedMs + RETRY_MS < performance.now()) this.#change(this.#server);
    this.#duty?.tick();
    if (this.#duty?.state === "serving") {
      this.#freeMb = Math.floor(this.#space.exclusively((map) => map.freeBytes()) / MB);
    }
    this.#tellOperators();
  }

  /** Tells a tracker what has changed since it was told last; the others' words about it do not count. */
  async reportTo(tracker: number, link: TrackerLink): Promise<void> {
    if (this.#duty?.state !== "serving") return;
    await this.#line.report(tracker, link, {
      fileId: this.#help.flag.value.currentTrunkFileId,
      freeMb: this.#freeMb,
    });
  }

  /** Copies, files and the map are left in order. */
  async stop(): Promise<void> {
    await this.#transition;
    await this.#duty?.copies.drained(trunkBinlogSize(this.#paths));
    await this.#duty?.end();
    this.#duty = null;
    this.#journal.close();
  }

  #announced(): void {
    const { membership, log, discovery, settings } = this.#help;
    const { trunkServer: server } = membership;
    this.#seen = membership.trunkAnnouncements;
    // While the leader was not heard another storage may have had the role.
    const isSameServer = server?.id === this.#server?.id;
    const isNewTerm = isSameServer && server?.id === discovery.id && (this.#hasRested || this.#line.isSilent);
    const isSame = isSameServer && !isNewTerm;
    this.#hasRested = false;
    if (!isSame) {
      this.#term = this.#seen;
      log.notice(
        server === null ? "The group has no trunk server" : `The trunk server of the group is ${server.id} now`,
      );
    }
    this.#server = server;
    if (server !== null && (server.id !== discovery.id || isNewTerm)) {
      try {
        writeLastTrunkServer(settings.basePath, isNewTerm ? "" : server.id);
      } catch (error) {
        log.error(`Cannot remember the trunk server: ${messageOf(error)}`);
      }
    }
    this.#publish();
    if (!isSame) this.#change(server);
  }

  /** Ends the term of this storage, and begins one when it is named. */
  #change(server: Member | null): void {
    const { discovery } = this.#help;
    const term = this.#term;
    const ending = this.#duty;
    // At once: another one hands out slots from now on.
    if (ending !== null) this.#space.suspend();
    this.#duty = null;
    this.#transition = this.#transition.then(async () => {
      await this.#end(ending, server);
      // Begun by an earlier change that was still under way.
      await this.#end(this.#duty, server);
      this.#duty = null;
      if (server?.id !== discovery.id || this.#server?.id !== discovery.id) return;
      this.#line.forgetTold();
      this.#duty = new Duty(this.#dutyHelp, term);
      this.#duty.start();
    });
  }

  async #end(duty: Duty | null, next: Member | null): Promise<void> {
    if (duty === null) return;
    const { flag, log, discovery } = this.#help;
    if (next?.id !== discovery.id) {
      const { currentTrunkFileId: id } = flag.value;
      await this.#line.reportFileId(id).catch((error: unknown) => {
        log.debug(`The leading tracker did not take the last trunk file id ${id}: ${messageOf(error)}`);
      });
    }
    await duty.end();
    log.notice(`The term ${duty.term} of this storage as trunk server has ended`);
  }

  async #fileWanted(storePath: number): Promise<void> {
    const duty = this.#duty;
    const status = duty === null || this.#isSuspended ? Status.EAGAIN : await duty.makeFile(storePath);
    this.#help.team.trunkFileReady(storePath, status);
  }

  /** Tells the workers. */
  #publish(): void {
    const { publish, discovery } = this.#help;
    const server = this.#server;
    const isSelf = server?.id === discovery.id;
    const { binlogMaxBackups } = this.#parameters;
    publish("trunk", formatTrunkNotice({ term: this.#term, isSelf, server, binlogMaxBackups }));
  }

  #tellOperators(): void {
    const { publish, discovery, flag, scoreboard } = this.#help;
    const report = this.#status.of(
      {
        storageId: discovery.id,
        server: this.#server?.id ?? "",
        term: this.#term,
        currentTrunkFileId: flag.value.currentTrunkFileId,
        misses: scoreboard.trunkMisses,
        binlogSize: trunkBinlogSize(this.#paths),
        freeMb: this.#freeMb,
        isSuspended: this.#isSuspended,
      },
      this.#duty,
    );
    publish("trunk-status", JSON.stringify(report));
  }

  /** A compaction may not have come to its end before. Throws the system's error. */
  #bringInOrder(): void {
    const { flag, log } = this.#help;
    const { folder, binlog } = this.#paths;
    ensureDirectory(folder, DIRECTORY_MODE);
    const { trunkBinlogCompressStage: stage } = flag.value;
    const saveStage = (trunkBinlogCompressStage: number): void => flag.update({ trunkBinlogCompressStage });
    const saveSnapshot = (): never => {
      throw new Error("there is no map to save before the storage serves");
    };
    if (recoverCompaction(stage, { paths: this.#paths, saveStage, saveSnapshot })) {
      log.notice(`A compaction of ${binlog} had not come to its end (stage ${stage}): the files are in order again`);
    }
    closeSync(openSync(binlog, "a", 0o644));
  }
}
