// All store paths of a storage that have lost their files, one after the other, before the storage serves (trunk-dedup-
// recovery.md §3.1). Meanwhile its port tells how far it is.

import type { StorageSettings } from "../../../conf/index.ts";
import type { Owner } from "../../disk/owner.ts";
import type { Logger } from "../../observe/logger.ts";
import { binlogFolder } from "../binlog/binlog-files.ts";
import type { ListenAddress } from "../control/addresses.ts";
import type { Discovery } from "../control/discovery.ts";
import { messageOf } from "../control/discovery.ts";
import { pause } from "../control/pause.ts";
import type { LinkOptions } from "../control/tracker-link.ts";
import type { TrackerQuestions } from "../control/tracker-questions.ts";
import { type DeletedNames, readDeletedNames } from "./deleted-names.ts";
import { GroupQuestions } from "./group-questions.ts";
import { Progress } from "./progress.ts";
import { PathRecovery } from "./recover-store-path.ts";
import { RecoveryFiles } from "./recovery-files.ts";
import { resumptionOf } from "./resume-plan.ts";
import { SourceChoice } from "./source-choice.ts";
import { serveRecoveryStatus } from "./status-server.ts";

const REPORT_RETRY_MS = 1000;

export interface RecoveryHelp {
  readonly settings: StorageSettings;
  readonly discovery: Discovery;
  readonly linkOptions: LinkOptions;
  readonly trackers: TrackerQuestions;
  /** As announced to the trackers. */
  readonly port: number;
  readonly listen: readonly ListenAddress[];
  /** sync_old_done: this storage has been filled once. */
  readonly hadFiles: boolean;
  /** Indexes of the store paths whose data directories were missing. */
  readonly emptied: ReadonlySet<number>;
  /** Called once when something is to be recovered. */
  readonly begins: () => void;
  readonly log: Logger;
  readonly owner: Owner | undefined;
  readonly signal: AbortSignal;
}

/** Resolves at once when nothing is lost. Rejects when a disk fails, and with the signal's reason. */
export async function recoverStorePaths(help: RecoveryHelp): Promise<void> {
  const { settings, log, owner } = help;
  const pending = settings.storePaths.flatMap(({ path }, index): PendingPath[] => {
    const files = new RecoveryFiles(path, owner);
    let flag = files.readFlag();
    if (flag === null && files.migrateOldLayout()) flag = files.readFlag();
    const plan = resumptionOf({
      flag,
      isEmptied: help.emptied.has(index),
      hadFiles: help.hadFiles,
      wantedThreads: settings.diskRecoveryThreads,
      hasBinlog: (thread) => files.hasBinlog(thread),
    });
    return plan === "nothing" ? [] : [{ index, path, files, progress: new Progress(index, path) }];
  });
  const [first] = pending;
  if (first === undefined) return;
  help.begins();
  let current = first.progress;
  const { listen } = help;
  const networkTimeoutMs = settings.networkTimeoutSeconds * 1000;
  const { allowHosts } = settings;
  const close = await serveRecoveryStatus({ listen, networkTimeoutMs, allowHosts, log }, () => current.report());
  try {
    const deleted = await readDeletedNames(binlogFolder(settings.basePath));
    for (const [turn, path] of pending.entries()) {
      current = path.progress;
      current.waitingPaths = pending.length - turn - 1;
      await recoveryOf(help, path, deleted).run();
    }
  } catch (error) {
    help.signal.throwIfAborted();
    const { storePath } = current.report();
    throw new Error(`Cannot recover ${storePath}: ${messageOf(error)}; the next start goes on where this one stopped`, {
      cause: error,
    });
  } finally {
    await close();
  }
}

interface PendingPath {
  readonly index: number;
  readonly path: string;
  readonly files: RecoveryFiles;
  readonly progress: Progress;
}

function recoveryOf(
  help: RecoveryHelp,
  { index, path, files, progress }: PendingPath,
  deleted: DeletedNames,
): PathRecovery {
  const { settings, discovery, linkOptions, log, owner, signal, port, trackers, emptied } = help;
  const storePaths = settings.storePaths.map((storePath) => storePath.path);
  const questions = new GroupQuestions({
    trackers: settings.trackerServers,
    linkOptions,
    discovery,
    port,
    storePathCount: storePaths.length,
    log,
    signal,
  });
  const waiting = (why: string): void => {
    progress.trouble = why;
  };
  return new PathRecovery({
    storePaths,
    source: { linkOptions, groupName: discovery.groupName, ownId: discovery.id, signal },
    choice: new SourceChoice({ candidates: () => questions.candidates(), log, signal, waiting, what: path }),
    deleted,
    progress,
    log,
    owner,
    flushesToDisk: settings.durability === "power",
    files,
    storePathIndex: index,
    storePath: path,
    wantedThreads: settings.diskRecoveryThreads,
    isEmptied: emptied.has(index),
    questions,
    report: async (status) => {
      const brief = { status, port: 0, id: discovery.id, ipAddress: discovery.addresses[0]! };
      for (;;) {
        try {
          await trackers.reportStatus(discovery.groupName, brief);
          return;
        } catch (error) {
          signal.throwIfAborted();
          log.debug(`No tracker takes the status ${status} yet: ${messageOf(error)}`);
          await pause(REPORT_RETRY_MS, signal);
        }
      }
    },
  });
}
