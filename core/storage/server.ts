// The storage server: start-up in C's order (storage.md §7.1), the control thread's regular work, and the orderly end.

import { join } from "node:path";
import type { StorageSettings } from "../../conf/index.ts";
import { BASE_PATH_MODE, DIRECTORY_MODE, ensureDirectory } from "../disk/ensure-directory.ts";
import type { Owner } from "../disk/owner.ts";
import { readDiskSpace } from "../disk/space.ts";
import { freePort } from "../net/free-port.ts";
import type { Logger } from "../observe/logger.ts";
import {
  binlogFolder,
  binlogPath,
  readBinlogIndex,
  repairBinlogTail,
  writeBinlogIndex,
} from "./binlog/binlog-files.ts";
import { findIdentity, type Identity } from "./control/identity.ts";
import { type InitFlag, readInitFlag, writeInitFlag } from "./control/init-flag.ts";
import { reportChangedAddress } from "./control/ip-change.ts";
import { reservedMbOf } from "./control/parameters.ts";
import { Reporter } from "./control/reporter.ts";
import { readStatFile, writeStatFile } from "./control/stat-file.ts";
import { StorageState } from "./control/storage-state.ts";
import {
  checkStorePathMarks,
  prepareDirectories,
  removeLeftovers,
  requireStorePaths,
} from "./control/store-path-setup.ts";
import type { LinkOptions } from "./control/tracker-link.ts";
import { startWorkerTeam, type WorkerTeam } from "./control/worker-team.ts";
import { accessLogPath } from "./io/worker.ts";
import type { WorkerConfig } from "./io/worker-config.ts";
import { counterNames } from "./scoreboard/counters.ts";
import { Scoreboard } from "./scoreboard/scoreboard.ts";

const GRACE_MS = 5000;
const TICK_MS = 1000;
/** Row of the counters that earlier processes left; workers take the rows before it. */
const BASE_ROW = 255;

export interface StorageDependencies {
  readonly log: Logger;
  /** Called when the ports are bound and before the trackers hear of this storage. */
  readonly listening?: () => void;
  /** Who files and folders made before that belong to (run_by_user). */
  readonly owner?: Owner;
  /** Aborts a start that still waits for trackers. */
  readonly signal?: AbortSignal;
  /** Shared by the caller when it rotates the logs. */
  readonly scoreboard?: Scoreboard;
}

export interface StorageServer {
  readonly port: number;
  readonly id: string;
  readonly groupName: string;
  /** Resolves when a first tracker has been joined. */
  whenJoined(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a storage; rejects with one sentence a problem. */
export async function startStorage(given: StorageSettings, dependencies: StorageDependencies): Promise<StorageServer> {
  const { log, owner } = dependencies;
  const lifetime = new AbortController();
  dependencies.signal?.addEventListener("abort", () => lifetime.abort(dependencies.signal?.reason), { once: true });
  ensureDirectory(given.basePath, BASE_PATH_MODE, owner);
  for (const folder of [join(given.basePath, "data"), join(given.basePath, "logs"), binlogFolder(given.basePath)]) {
    ensureDirectory(folder, DIRECTORY_MODE, owner);
  }
  requireStorePaths(given);
  const hosts = listenHosts(given);
  const settings = given.port === 0 ? { ...given, port: await freePort(hosts[0]!) } : given;
  const bound = settings.bindAddr.split(",")[0]!.trim();
  const linkOptions: LinkOptions = {
    connectTimeoutMs: settings.connectTimeoutSeconds * 1000,
    networkTimeoutMs: settings.networkTimeoutSeconds * 1000,
    ...(settings.clientBind && bound !== "" ? { localAddress: bound } : {}),
  };
  const identity = await findIdentity(settings, linkOptions, log, lifetime.signal);
  const initFlag = await openStorePaths(settings, identity, log);
  const scoreboard = openScoreboard(settings, identity, log, dependencies.scoreboard);
  const team = await startTeam(settings, identity, scoreboard, hosts, log);
  dependencies.listening?.();
  if (identity.parameters.storageIpChangedAutoAdjust && !identity.parameters.useStorageId) {
    await reportChangedAddress(settings, identity, initFlag, linkOptions, log);
  }
  const state = new StorageState(settings, identity, initFlag, linkOptions, scoreboard, log);
  return new RunningStorage(state, scoreboard, team, lifetime, log);
}

/** `bind_addr` as a list; all addresses when it is empty. */
function listenHosts(settings: StorageSettings): string[] {
  const list = settings.bindAddr
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
  if (list.length > 0) return list;
  return [settings.addressFamily === "IPv6" || settings.addressFamily === "both" ? "::" : "0.0.0.0"];
}

async function openStorePaths(settings: StorageSettings, identity: Identity, log: Logger): Promise<InitFlag> {
  const now = Math.floor(Date.now() / 1000);
  const found = readInitFlag(settings.basePath);
  const mark = { ipAddress: identity.addresses[0]!, port: settings.port, now };
  await prepareDirectories(settings, log);
  const storePathMarks = checkStorePathMarks(settings, found?.storePathMarks ?? [], mark, log);
  removeLeftovers(settings, log);
  const flag: InitFlag = {
    joinTime: now,
    syncOldDone: false,
    syncSourceServer: "",
    syncUntilTimestamp: 0,
    lastIpAddress: identity.addresses.join(","),
    lastServerPort: settings.port,
    currentTrunkFileId: 0,
    trunkLastCompressTime: 0,
    trunkBinlogCompressStage: 0,
    ...found,
    storePathMarks,
  };
  writeInitFlag(settings.basePath, flag);
  return flag;
}

function openScoreboard(settings: StorageSettings, identity: Identity, log: Logger, shared?: Scoreboard): Scoreboard {
  const scoreboard = shared ?? new Scoreboard();
  const stat = readStatFile(settings.basePath);
  const row = scoreboard.counterRow(BASE_ROW);
  for (const [column, name] of counterNames.entries()) row[column] = stat.counters[name];
  scoreboard.setDirectory(stat.directory.high, stat.directory.low, stat.directory.count);
  scoreboard.responseIpSize = identity.parameters.responseIpSize;
  scoreboard.pathsAreBalanced = identity.parameters.storePath === 2;
  refreshSpace(settings, identity, scoreboard, log);
  const folder = binlogFolder(settings.basePath);
  const index = readBinlogIndex(folder);
  writeBinlogIndex(folder, index);
  const { size, cut } = repairBinlogTail(binlogPath(folder, index.currentWrite));
  if (cut !== "")
    log.warn(`cut a torn record off ${binlogPath(folder, index.currentWrite)}, kept in its .torn file: '${cut}'`);
  scoreboard.setBinlog(index.currentWrite, size);
  return scoreboard;
}

function refreshSpace(settings: StorageSettings, { parameters }: Identity, scoreboard: Scoreboard, log: Logger): void {
  const count = settings.storePaths.length;
  for (const [index, { path }] of settings.storePaths.entries()) {
    try {
      const { totalMb, freeMb } = readDiskSpace(path);
      scoreboard.setPathSpace(index, totalMb, freeMb, reservedMbOf(parameters.reservedSpace, totalMb, count));
    } catch (error) {
      // A disk that cannot be looked at takes no uploads.
      scoreboard.setPathSpace(index, 0, 0, 0);
      log.error(`Cannot read the free space of store path ${path}: ${String(error)}`);
    }
  }
}

function startTeam(
  settings: StorageSettings,
  identity: Identity,
  scoreboard: Scoreboard,
  hosts: readonly string[],
  log: Logger,
): Promise<WorkerTeam> {
  const ports = new Set([settings.innerPort || settings.port, settings.outerPort || settings.port]);
  const { accessLog } = settings;
  const configOf = (worker: number): WorkerConfig => ({
    worker,
    scoreboard: scoreboard.buffer,
    listen: hosts.flatMap((hostname) => [...ports].map((port) => ({ hostname, port }))),
    groupName: identity.groupName,
    sourceBytes: identity.sourceBytes,
    storePaths: settings.storePaths,
    subdirCountPerPath: settings.subdirCountPerPath,
    fileDistributePathMode: settings.fileDistributePathMode,
    fileDistributeRotateCount: settings.fileDistributeRotateCount,
    basePath: settings.basePath,
    buffSizeBytes: settings.buffSizeBytes,
    maxConnections: settings.maxConnections,
    networkTimeoutMs: settings.networkTimeoutSeconds * 1000,
    durability: settings.durability,
    allowHosts: settings.allowHosts,
    addressesById: Object.fromEntries(identity.storageIds.map((entry) => [entry.id, entry.hosts[0]!])),
    accessLog: accessLog.enabled
      ? {
          path: accessLogPath(settings.basePath),
          precision: accessLog.timePrecision,
          flushIntervalMs: accessLog.flushIntervalSeconds * 1000,
        }
      : null,
  });
  return startWorkerTeam(configOf, settings.workThreads, log);
}

class RunningStorage implements StorageServer {
  readonly port: number;
  readonly id: string;
  readonly groupName: string;
  readonly #state: StorageState;
  readonly #scoreboard: Scoreboard;
  readonly #team: WorkerTeam;
  readonly #lifetime: AbortController;
  readonly #log: Logger;
  readonly #reporters: Promise<unknown>;
  readonly #timer: ReturnType<typeof setInterval>;
  #writtenStat = "";
  #statWrittenMs = Date.now();

  constructor(state: StorageState, scoreboard: Scoreboard, team: WorkerTeam, lifetime: AbortController, log: Logger) {
    this.#state = state;
    this.#scoreboard = scoreboard;
    this.#team = team;
    this.#lifetime = lifetime;
    this.#log = log;
    this.port = state.settings.port;
    this.id = state.identity.id;
    this.groupName = state.identity.groupName;
    this.#reporters = Promise.all(
      state.settings.trackerServers.map((_, index) => new Reporter(state, index, log).run(lifetime.signal)),
    );
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  whenJoined(): Promise<void> {
    return this.#state.whenJoined();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#lifetime.abort(new Error("the storage stops"));
    await this.#reporters;
    await this.#team.close(GRACE_MS);
    this.#writeStat();
  }

  #tick(): void {
    const { settings, identity } = this.#state;
    refreshSpace(settings, identity, this.#scoreboard, this.#log);
    if (Date.now() - this.#statWrittenMs < settings.syncStatFileIntervalSeconds * 1000) return;
    this.#statWrittenMs = Date.now();
    this.#writeStat();
  }

  #writeStat(): void {
    const stat = { counters: this.#scoreboard.totals(), directory: this.#scoreboard.directory };
    const text = JSON.stringify(stat);
    if (text === this.#writtenStat) return;
    try {
      writeStatFile(this.#state.settings.basePath, stat);
      this.#writtenStat = text;
    } catch (error) {
      this.#log.error(`Cannot write the statistics file: ${String(error)}`);
    }
  }
}
