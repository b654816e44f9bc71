// The storage server: start-up in C's order (storage.md §7.1), the control thread's regular work, and the orderly end.
// Files and connections of clients belong to the I/O workers, the conversation with trackers to the reporters.

import { join } from "node:path";
import type { StorageSettings } from "../../conf/index.ts";
import { BASE_PATH_MODE, DIRECTORY_MODE, ensureDirectory } from "../disk/ensure-directory.ts";
import type { Owner } from "../disk/owner.ts";
import { freePort } from "../net/free-port.ts";
import type { Logger } from "../observe/logger.ts";
import { listen, type Socket, type SocketHandlers } from "../runtime/index.ts";
import { binlogFolder } from "./binlog/binlog-files.ts";
import { AccessLogKeeper } from "./control/access-log-keeper.ts";
import { announcedPort, type ListenAddress, listenAddresses, localAddresses } from "./control/addresses.ts";
import { recoverFromBinlog, recoverWorker } from "./control/binlog-recovery.ts";
import { openBinlog } from "./control/binlog-setup.ts";
import { discover } from "./control/discovery.ts";
import { catchUpWithGroup, type GroupNewsHelp } from "./control/group-news.ts";
import { firstInitFlag, InitFlagFile } from "./control/init-flag.ts";
import { RunningStorage, type StorageServer } from "./control/running-storage.ts";
import { SpaceWatch } from "./control/space-watch.ts";
import { MAX_WORKERS, Statistics } from "./control/statistics.ts";
import {
  checkStorePathMarks,
  prepareDirectories,
  removeLeftovers,
  requireStorePaths,
  type StorePathHelp,
} from "./control/store-path-setup.ts";
import type { LinkOptions } from "./control/tracker-link.ts";
import { TrackerQuestions } from "./control/tracker-questions.ts";
import { workerConfig } from "./control/worker-settings.ts";
import { startWorkerTeam, type WorkerTeam } from "./control/worker-team.ts";
import { accessLogPath } from "./io/worker.ts";
import { recoverStorePaths } from "./recovery/recover-store-paths.ts";
import { Scoreboard } from "./scoreboard/scoreboard.ts";
import { FoundSlots } from "./trunk/found-slots.ts";
import { trunkFolder } from "./trunk/trunk-file.ts";

export type { StorageServer } from "./control/running-storage.ts";

export interface StorageDependencies {
  readonly log: Logger;
  /** Called when the ports are bound and before the trackers hear of this storage: privileges drop there. */
  readonly listening?: () => void;
  /** Called when a lost store path is about to be recovered: it may take hours until the storage serves. */
  readonly recovering?: () => void;
  /** Who the files and folders belong to that are made before that (run_by_user). */
  readonly owner?: Owner;
  /** Aborts a start that still waits for its trackers. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a storage. Waits for a first tracker as long as it takes. Rejects when the settings, the store paths or the
 * trackers make it impossible, and with the signal's reason when it is aborted.
 */
export async function startStorage(given: StorageSettings, dependencies: StorageDependencies): Promise<StorageServer> {
  const { log, owner } = dependencies;
  const lifetime = new AbortController();
  const { signal } = lifetime;
  if (dependencies.signal?.aborted === true) throw dependencies.signal.reason;
  dependencies.signal?.addEventListener("abort", () => lifetime.abort(dependencies.signal?.reason), { once: true });

  requireStorePaths(given);
  ensureDirectory(given.basePath, BASE_PATH_MODE, owner);
  for (const name of ["data", "logs"]) ensureDirectory(join(given.basePath, name), DIRECTORY_MODE, owner);
  const settings = given.port === 0 ? { ...given, port: await freePort(listenAddresses(given)[0]!.hostname) } : given;
  const addresses = listenAddresses(settings);
  for (const address of addresses) await requireFree(address);
  const port = announcedPort(settings);
  const now = Math.floor(Date.now() / 1000);
  const flag = new InitFlagFile(settings.basePath, firstInitFlag(now, port, settings.storePaths.length), owner);
  const help: StorePathHelp = { log, owner, signal };
  const created = await prepareDirectories(settings, flag.value.syncOldDone, help);

  const linkOptions: LinkOptions = {
    localAddresses: localAddresses(settings),
    connectTimeoutMs: settings.connectTimeoutSeconds * 1000,
    networkTimeoutMs: settings.networkTimeoutSeconds * 1000,
  };
  const discovery = await discover(settings, linkOptions, log, signal);
  const own = { ipAddress: discovery.addresses[0]!, port, createTime: now };
  checkStorePathMarks(settings, flag.value.storePathMarks, own, created, help, (storePathMarks) =>
    flag.update({ storePathMarks }),
  );
  removeLeftovers(settings, log);
  const questions = new TrackerQuestions(settings.trackerServers, linkOptions, log, signal);
  const markFolders = { syncFolder: binlogFolder(settings.basePath), trunkFolder: trunkFolder(settings.basePath) };
  const news: GroupNewsHelp = { flag, discovery, port, ...markFolders, questions, log };
  await catchUpWithGroup(news);
  flag.update({ lastIpAddress: discovery.addresses.join(","), lastServerPort: port });
  await recoverStorePaths({
    ...{ settings, discovery, linkOptions, port, log, owner, signal },
    trackers: questions,
    listen: addresses,
    hadFiles: flag.value.syncOldDone,
    emptied: created,
    begins: () => dependencies.recovering?.(),
  });

  const scoreboard = new Scoreboard();
  const { parameters } = discovery;
  scoreboard.responseIpSize = parameters.responseIpSize;
  scoreboard.pathsAreBalanced = parameters.storePath === 2;
  const statistics = new Statistics(settings.basePath, scoreboard);
  const space = new SpaceWatch(settings.storePaths, parameters.reservedStorageSpace, scoreboard, log);
  space.refresh();
  openBinlog(settings.basePath, scoreboard, log, owner);
  const foundSlots = new FoundSlots();
  const recovery = { folder: binlogFolder(settings.basePath), settings, scoreboard, log, foundSlots };
  await recoverFromBinlog(recovery);
  statistics.save(owner);
  const accessLog = settings.accessLog.enabled
    ? new AccessLogKeeper(accessLogPath(settings.basePath), settings.accessLog, scoreboard, log, owner)
    : null;
  let team: WorkerTeam;
  try {
    team = await startWorkerTeam(
      (worker) => workerConfig(worker, settings, discovery, scoreboard, addresses),
      Math.min(settings.workThreads, MAX_WORKERS),
      log,
      (worker) => recoverWorker(recovery, worker),
    );
  } catch (error) {
    await accessLog?.close();
    throw error;
  }
  try {
    signal.throwIfAborted();
    dependencies.listening?.();
  } catch (error) {
    await team.close(0);
    await accessLog?.close();
    throw error;
  }
  const parts = { settings, port, linkOptions, flag, discovery, questions, news, foundSlots };
  return new RunningStorage(parts, { scoreboard, statistics, space, accessLog, team }, lifetime, log);
}

/** Who connects while the port is tried must not wait for an answer that never comes. */
function turnAway(socket: Socket): SocketHandlers {
  socket.destroy();
  return { data() {}, drain() {}, close() {} };
}

/** Workers share their port with SO_REUSEPORT, which would also let a second storage in: this one does not share. */
async function requireFree({ hostname, port }: ListenAddress): Promise<void> {
  try {
    const probe = await listen({ hostname, port, accept: turnAway });
    probe.close();
  } catch (error) {
    const code = (error as { code?: string }).code ?? String(error);
    const remedy =
      code === "EADDRINUSE" ? "another server has it; stop that one or change port or bind_addr" : "check bind_addr";
    throw Object.assign(new Error(`Cannot listen on ${hostname}:${port}: ${code}; ${remedy}`), { code });
  }
}
