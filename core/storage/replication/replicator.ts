// Replication as a whole: a task for every other storage of the group that lives, and what they report together.

import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { duplicateIndexPlace, type StorageSettings } from "../../../conf/index.ts";
import type { Logger } from "../../observe/logger.ts";
import type { PeerReport, ReplicationReport } from "../../wire/own-commands.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import { BINLOG_ROTATE_BYTES } from "../binlog/binlog-files.ts";
import { hostsOf } from "../control/addresses.ts";
import { retireMarkFiles } from "../control/changelog.ts";
import type { LinkOptions } from "../control/dial.ts";
import type { Discovery } from "../control/discovery.ts";
import type { InitFlagFile } from "../control/init-flag.ts";
import type { Membership } from "../control/membership.ts";
import { pause } from "../control/pause.ts";
import type { TrackerQuestions } from "../control/tracker-questions.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { SlotFiles } from "../trunk/slot-files.ts";
import { isBefore, markFileName, type Position } from "./mark.ts";
import { PeerTask, type PeerTaskHelp } from "./peer-task.ts";

const DRAIN_LOOK_MS = 5;
const { DELETED, IP_CHANGED, NONE } = StorageStatus;

export interface ReplicatorHelp {
  readonly settings: StorageSettings;
  readonly port: number;
  readonly linkOptions: LinkOptions;
  readonly discovery: Discovery;
  readonly flag: InitFlagFile;
  readonly membership: Membership;
  readonly questions: TrackerQuestions;
  readonly scoreboard: Scoreboard;
  /** `BASE/data/sync`. */
  readonly folder: string;
  readonly log: Logger;
  countBytes(bytes: number): void;
}

export class Replicator {
  readonly #help: ReplicatorHelp;
  readonly #slots: SlotFiles;
  readonly #taskHelp: PeerTaskHelp;
  readonly #signal: AbortSignal;
  readonly #tasks = new Map<string, { readonly task: PeerTask; readonly ended: Promise<void> }>();

  constructor(help: ReplicatorHelp, signal: AbortSignal) {
    this.#help = help;
    this.#signal = signal;
    const storePaths = help.settings.storePaths.map(({ path }) => path);
    this.#slots = new SlotFiles(help.scoreboard, storePaths);
    this.#taskHelp = this.#makeTaskHelp();
  }

  /** The group's members or their statuses have changed: tasks begin, wake, or end by themselves. */
  groupChanged(): void {
    for (const { id, status } of this.#help.membership.members) {
      const isGone = status === DELETED || status === IP_CHANGED || status === NONE;
      if (id !== this.#help.discovery.id && !isGone && !this.#tasks.has(id)) this.#start(id);
    }
    for (const { task } of this.#tasks.values()) task.wake();
  }

  /** The binlog has grown. */
  binlogGrown(): void {
    const end = this.#binlogEnd();
    const now = Date.now();
    for (const { task } of this.#tasks.values()) {
      task.copier.lag.look(end, now);
      task.wake();
    }
  }

  report(): ReplicationReport {
    const { discovery, settings, scoreboard } = this.#help;
    const place = duplicateIndexPlace(settings);
    const { index, offset } = this.#binlogEnd();
    const tasks = [...this.#tasks.values()].sort((a, b) => (a.task.id < b.task.id ? -1 : 1));
    return {
      storageId: discovery.id,
      groupName: discovery.groupName,
      binlogIndex: index,
      binlogSize: offset,
      peers: tasks.flatMap(({ task }) => this.#reportOf(task)),
      ...(place === null ? {} : { duplicates: { index: place.kind, ...scoreboard.duplicates } }),
    };
  }

  /** Least binlog file that a peer still needs. */
  get neededIndex(): number {
    const indexes = [...this.#tasks.values()].map(({ task }) => task.committed?.index ?? 0);
    return Math.min(this.#help.scoreboard.binlogIndex, ...indexes);
  }

  /** Resolves when every peer that can be copied to has everything, or after `patienceMs`. */
  async drained(patienceMs: number): Promise<void> {
    const deadline = Date.now() + patienceMs;
    this.binlogGrown();
    const isCopying = (): boolean =>
      [...this.#tasks.values()].some(
        ({ task }) => task.state.kind === "copying" || (task.state.kind === "idle" && this.#isBehind(task)),
      );
    while (isCopying() && Date.now() < deadline) await pause(DRAIN_LOOK_MS, this.#signal);
  }

  #isBehind(task: PeerTask): boolean {
    const { committed } = task;
    return committed !== null && isBefore(committed, this.#binlogEnd());
  }

  /** Resolves when all tasks have ended after the signal. */
  async ended(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(({ ended }) => ended));
    this.#slots.close();
  }

  #start(id: string): void {
    try {
      this.#adoptOldMark(id);
      const task = new PeerTask(this.#taskHelp, id, this.#signal);
      const ended = task.run().finally(() => this.#tasks.delete(id));
      this.#tasks.set(id, { task, ended });
    } catch (error) {
      this.#help.log.error(`Cannot copy to storage ${id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** The first time with storage ids: marks were named after addresses before (storage.md §5.4). */
  #adoptOldMark(id: string): void {
    const { folder, port, discovery, membership, log } = this.#help;
    const member = membership.find(id);
    if (!discovery.parameters.useStorageId || member === undefined) return;
    const [from, to] = [markFileName(member.ipAddress, port, false), markFileName(id, port, true)];
    if (!existsSync(join(folder, from)) || existsSync(join(folder, to))) return;
    renameSync(join(folder, from), join(folder, to));
    log.info(`The mark ${from} is called ${to} now`);
  }

  #reportOf(task: PeerTask): PeerReport[] {
    const member = this.#help.membership.find(task.id);
    if (member === undefined) return [];
    const end = this.#binlogEnd();
    const committed = task.committed ?? { index: 0, offset: 0 };
    const { state } = task;
    return [
      {
        id: task.id,
        ipAddress: member.ipAddress,
        port: member.port,
        status: member.status,
        state: state.kind,
        reason: state.reason,
        behindBytes: this.#bytesBetween(committed, end),
        behindSeconds: isBefore(committed, end) ? Math.ceil(task.copier.lag.ageOf(committed, Date.now()) / 1000) : 0,
        lagP50Ms: task.copier.lag.quantile(0.5),
        lagP99Ms: task.copier.lag.quantile(0.99),
        copiedRecords: task.copier.copiedRecords,
        copiedBytes: task.copier.copiedBytes,
        setAsideRecords: task.copier.setAside.count,
        setAsideFile: task.copier.setAside.path,
        lastError: task.copier.lastError,
        lastErrorTime: task.copier.lastErrorTime,
        isFilling: task.isFilling,
        binlogIndex: committed.index,
        binlogOffset: committed.offset,
      },
    ];
  }

  /** Of files in between the greatest size is assumed. */
  #bytesBetween(from: Position, to: Position): number {
    return Math.max(0, (to.index - from.index) * BINLOG_ROTATE_BYTES + to.offset - from.offset);
  }

  #binlogEnd(): Position {
    const { scoreboard } = this.#help;
    return { index: scoreboard.binlogIndex, offset: scoreboard.binlogSize };
  }

  #makeTaskHelp(): PeerTaskHelp {
    const { settings, discovery, membership, questions, scoreboard, folder, flag, log, port } = this.#help;
    const { groupName, parameters, storageIds } = discovery;
    return {
      ownId: discovery.id,
      groupName,
      folder,
      linkOptions: this.#help.linkOptions,
      log,
      maxLanes: settings.syncMaxThreads,
      copyPauseMs: settings.syncIntervalMsec,
      hours: { startSeconds: settings.syncStartTimeSeconds, endSeconds: settings.syncEndTimeSeconds },
      markEveryRows: settings.writeMarkFileFreq,
      skipsInvalid: settings.fileSyncSkipInvalidRecord,
      member: (id) => membership.find(id),
      addressOf: (member) => ({ hosts: hostsOf(storageIds, member), port: member.port }),
      markName: (id) => markFileName(id, port, parameters.useStorageId),
      isSettled: () => flag.value.syncOldDone,
      binlogEnd: () => this.#binlogEnd(),
      awaitRecords: () => scoreboard.awaitBinlog(),
      disks: { config: settings, trunk: { slots: this.#slots } },
      countBytes: (bytes) => this.#help.countBytes(bytes),
      positionToward: (id) => this.#tasks.get(id)?.task.committed ?? null,
      feedingOrder: (id) => questions.feedingOrder(groupName, id),
      reportStatus: async (member, status) => {
        // C leaves the port at 0 (tracker.md §4.10).
        const { status: before } = member;
        await questions.reportStatus(groupName, { ...member, status, port: 0 });
        // That it has all its files counts when the leader says so. And the leader may have told something newer meanwhile.
        const isBeginning = status === StorageStatus.SYNCING;
        if (isBeginning && membership.statusOf(member.id) === before) membership.setStatus(member.id, status);
      },
      retireMark: (id) => {
        for (const name of retireMarkFiles(folder, id, new Date())) log.info(`Put the mark ${name} aside`);
      },
    };
  }
}
