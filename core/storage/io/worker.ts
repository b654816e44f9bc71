// One I/O worker: listens on every address of the storage beside its siblings and serves connections from accept to
// close. The same code runs in a thread (io-worker.ts) and, where there are no threads to share a port, in-process.

import { join } from "node:path";
import type { NetLog } from "../../net/frame-protocol.ts";
import { type FrameServer, serveFrames } from "../../net/frame-server.ts";
import { allowAll, createHostFilter } from "../../net/host-filter.ts";
import { AccessLog } from "../../observe/access-log.ts";
import { LogFile } from "../../observe/log-file.ts";
import { loadNative, type Socket } from "../../runtime/index.ts";
import { binlogFolder } from "../binlog/binlog-files.ts";
import { CommitQueue } from "../binlog/commit-queue.ts";
import type { Duplicates } from "../duplicates/duplicates.ts";
import { FIRST_OWNER } from "../scoreboard/connections.ts";
import { LockTable } from "../scoreboard/lock-table.ts";
import { Scoreboard } from "../scoreboard/scoreboard.ts";
import { openDuplicates } from "../service/open-duplicates.ts";
import { storageRoutes } from "../service/routes.ts";
import type { TrunkSetup } from "../trunk/shared-space.ts";
import { trunkFolder } from "../trunk/trunk-file.ts";
import { TrunkStore } from "../trunk/trunk-store.ts";
import type { BodyResult } from "./body-receiver.ts";
import { GroupWatch } from "./group-watch.ts";
import { HotFiles } from "./hot-files.ts";
import { type BodyLine, LargeBodies } from "./large-bodies.ts";
import { ReadThrough } from "./read-through.ts";
import { Session } from "./session.ts";
import type { WorkerConfig } from "./worker-config.ts";
import type { WorkerContext } from "./worker-context.ts";

/** What a worker tells the control thread. */
export interface ControlLine {
  /** The trunk files of this store path have no room: another one is wanted. */
  wantTrunkFile(storePath: number): void;
  /** The control thread waits for records, and there are some. */
  binlogGrown(): void;
  /** A connection that another worker shall serve; absent where there is one worker. */
  readonly pass?: (to: number, fd: number) => void;
  /** To the threads that receive large bodies; absent where there are none. */
  readonly body?: BodyLine;
}

export interface RunningWorker {
  /** Serves a connection that another worker passed on. */
  adopt(fd: number): void;
  /** A large body has come to its end. */
  bodyEnded(id: number, result: BodyResult): void;
  /** Small files go into trunk files from now on. */
  trunkStarted(setup: TrunkSetup): void;
  /** What became of the wish for a trunk file. */
  trunkFileReady(storePath: number, status: number): void;
  /** Stops accepting, lets running requests end, writes what waits. */
  close(graceMs: number): Promise<void>;
}

/** A busy worker lets the others have the processor after so many: by itself the kernel looks only every few milliseconds. */
const ANSWERS_A_TURN = 16;

function openAccessLog(config: WorkerConfig, scoreboard: Scoreboard): AccessLog | null {
  const settings = config.accessLog;
  if (settings === null) return null;
  const file = new LogFile({
    path: settings.path,
    flushIntervalMs: settings.flushIntervalMs,
    generation: () => scoreboard.accessLogGeneration,
  });
  return new AccessLog(file, settings.precision);
}

function openTrunkStore(config: WorkerConfig, scoreboard: Scoreboard, log: NetLog, control: ControlLine): TrunkStore {
  const trunk = new TrunkStore({
    scoreboard,
    owner: config.worker + FIRST_OWNER,
    storePaths: config.storePaths.map(({ path }) => path),
    folder: trunkFolder(config.basePath),
    link: {
      groupName: config.groupName,
      connectTimeoutMs: config.connectTimeoutMs,
      networkTimeoutMs: config.networkTimeoutMs,
      localAddresses: config.localAddresses,
      warn: (text) => log.warn(text),
    },
    wantTrunkFile: (storePath) => control.wantTrunkFile(storePath),
  });
  if (config.trunk !== null) trunk.start(config.trunk);
  return trunk;
}

/** Starts serving; rejects with a coded error when an address cannot be bound. */
export async function startIoWorker(config: WorkerConfig, log: NetLog, control: ControlLine): Promise<RunningWorker> {
  const calls = await loadNative();
  const scoreboard = new Scoreboard(config.scoreboard, config.worker);
  scoreboard.reclaim();
  const isAllowed =
    config.allowHosts === null ? allowAll : await createHostFilter(config.allowHosts, (text) => log.warn(text));
  const accessLog = openAccessLog(config, scoreboard);
  const commits = new CommitQueue(scoreboard, binlogFolder(config.basePath), {
    worker: config.worker,
    flushesToDisk: config.durability === "power",
    report: (text) => log.error(text),
    grown: () => control.binlogGrown(),
    prepare: () => trunk.flush(),
  });
  const trunk = openTrunkStore(config, scoreboard, log, control);
  const group = new GroupWatch(scoreboard);
  const readThrough = config.readThrough ? new ReadThrough(config, scoreboard, group, log) : null;
  const largeBodies =
    control.body === undefined ? null : new LargeBodies(config.worker, config.networkTimeoutMs, control.body);
  let duplicates: Duplicates | null = null;
  let serial = 0;
  const context: WorkerContext = {
    config,
    scoreboard,
    counters: scoreboard.counterRow(config.worker),
    commits,
    locks: new LockTable(scoreboard, config.networkTimeoutMs),
    group,
    readThrough,
    hotFiles: new HotFiles(scoreboard),
    trunk,
    get duplicates() {
      return duplicates;
    },
    largeBodies,
    accessLog,
    log,
    nextSerial: () => ++serial,
  };
  if (config.duplicates !== null) duplicates = openDuplicates(context, config.duplicates);
  /** The kernel spreads connections by hash, some workers get twice as many as others; those of the busy ones would wait. */
  const passOn = (socket: Socket): boolean => {
    const to = scoreboard.connections.lessBusyWorker();
    const fd = to < 0 ? -1 : socket.release();
    if (fd < 0) return false;
    scoreboard.connections.passTo(to);
    control.pass?.(to, fd);
    return true;
  };
  let answers = 0;
  const answered = (): void => {
    scoreboard.connections.answered();
    if (++answers < ANSWERS_A_TURN) return;
    answers = 0;
    calls?.yieldTurn();
  };
  const servers: FrameServer[] = [];
  try {
    for (const { hostname, port } of config.listen) {
      const server = await serveFrames<Session>({
        hostname,
        port,
        reusePort: true,
        routes: storageRoutes,
        maxBodyBytes: config.buffSizeBytes,
        oversize: "einval",
        closeAfterEinval: true,
        networkTimeoutMs: config.networkTimeoutMs,
        log,
        ...(control.pass === undefined ? {} : { passOn }),
        answered,
        mayAccept: () => scoreboard.connections.opened(config.maxConnections),
        open(connection) {
          if (isAllowed(connection.remoteAddress)) return new Session(connection, context);
          log.error(`ip addr ${connection.remoteAddress} is not allowed to access`);
          scoreboard.connections.closed();
          return null;
        },
        closed: () => scoreboard.connections.closed(),
      });
      servers.push(server);
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.close(0)));
    readThrough?.close();
    context.hotFiles.close();
    duplicates?.close();
    trunk.close();
    throw error;
  }
  if (control.pass !== undefined) scoreboard.connections.setServing();
  return {
    adopt(fd) {
      servers[0]!.adopt(fd).catch((error: unknown) => {
        scoreboard.connections.closed();
        log.debug(`A connection that was passed on is gone: ${String(error)}`);
      });
    },
    bodyEnded: (id, result) => largeBodies?.ended(id, result),
    trunkStarted: (setup) => trunk.start(setup),
    trunkFileReady: (storePath, status) => trunk.fileReady(storePath, status),
    async close(graceMs) {
      await Promise.all(servers.map((server) => server.close(graceMs)));
      readThrough?.close();
      context.hotFiles.close();
      duplicates?.close();
      commits.close();
      trunk.close();
      accessLog?.close();
    },
  };
}

/** Where the access log stands, beside the error log. */
export function accessLogPath(basePath: string): string {
  return join(basePath, "logs", "storage_access.log");
}
