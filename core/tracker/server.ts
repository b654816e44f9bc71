// The tracker server: listeners, the clock that drives the state machines, data files, and the orderly end.

import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { TrackerSettings } from "../../conf/index.ts";
import { BASE_PATH_MODE, DIRECTORY_MODE, ensureDirectory } from "../disk/ensure-directory.ts";
import type { Owner } from "../disk/owner.ts";
import { type FrameServer, serveFrames } from "../net/frame-server.ts";
import { freePort } from "../net/free-port.ts";
import { allowAll, createHostFilter } from "../net/host-filter.ts";
import type { Logger } from "../observe/logger.ts";
import { HEADER_SIZE } from "../wire/limits.ts";
import type { IpSize } from "../wire/reader.ts";
import { Cluster } from "./cluster/cluster.ts";
import { Leadership } from "./cluster/leadership.ts";
import { disconnect, expire } from "./cluster/life.ts";
import { standingOf } from "./cluster/standing.ts";
import { ElectionKeeper } from "./control/election-keeper.ts";
import { type ListenAddress, listenAddresses } from "./control/listen-addresses.ts";
import { resolveStorageIds } from "./control/resolve-ids.ts";
import { SystemFilesCopy } from "./control/system-files-copy.ts";
import { requestLimitMs } from "./control/tracker-link.ts";
import { TrunkKeeper } from "./control/trunk-keeper.ts";
import { Session, type TrackerContext } from "./service/context.ts";
import { trackerRoutes } from "./service/routes.ts";
import { StateFolder } from "./state-files/state-folder.ts";

const TICK_MS = 1000;
const STATUS_FILE_SECONDS = 300;
const GRACE_MS = 2000;

export interface TrackerDependencies {
  readonly log: Logger;
  /** Called when the ports are bound. */
  readonly listening?: () => void;
  /** Who folders made before that belong to (run_by_user). */
  readonly owner?: Owner;
  /** Unix seconds; tests hand in a clock of their own. */
  readonly now?: () => number;
}

export interface TrackerServer {
  readonly port: number;
  readonly hosts: readonly string[];
  stop(): Promise<void>;
}

/** 46 bytes when a storage has an IPv6 address, or when the settings say anything but auto (tracker.md §1.5). */
function responseIpSize(settings: TrackerSettings): IpSize {
  if (settings.responseIpAddrSize !== "auto") return 46;
  return settings.storageIds.some((entry) => entry.hosts.some((host) => host.includes(":"))) ? 46 : 16;
}

/** Loads the state and serves; rejects with one sentence when a file or address cannot be used. */
export async function startTracker(given: TrackerSettings, dependencies: TrackerDependencies): Promise<TrackerServer> {
  const { log, owner } = dependencies;
  const settings = {
    ...given,
    storageIds: await resolveStorageIds(given.storageIds),
  };
  ensureDirectory(settings.basePath, BASE_PATH_MODE, owner);
  for (const name of ["data", "logs"]) ensureDirectory(join(settings.basePath, name), DIRECTORY_MODE, owner);
  const cluster = new Cluster(settings);
  const files = new StateFolder(settings.basePath, cluster, log);
  files.load();
  const port = settings.port === 0 ? await freePort(listenAddresses(settings, 0)[0]!.host) : settings.port;
  const addresses = listenAddresses(settings, port);
  const now = dependencies.now ?? ((): number => Math.floor(Date.now() / 1000));
  const hosts = [...new Set(addresses.map(({ host }) => host))];
  const nowMs = dependencies.now === undefined ? (): number => performance.now() : (): number => now() * 1000;
  const upTime = now();
  const lastCheckTime = files.readLastCheckTime();
  const leadership = new Leadership(
    addresses.map((address) => address.port),
    {
      ownStanding: () => standingOf(upTime, lastCheckTime, now(), false),
      random: Math.random,
      answerTimeoutMs: requestLimitMs(settings),
    },
  );
  const parts = { cluster, leadership, files, log, ownHosts: hosts, upTime, lastCheckTime, now, nowMs };
  const connections = { current: 0, max: 0 };
  const context: TrackerContext = {
    cluster,
    leadership,
    files,
    trunkKeeper: new TrunkKeeper(cluster, leadership, files, log),
    log,
    ipSize: responseIpSize(settings),
    upTime,
    lastCheckTime,
    maxPackageBytes: maxPackage(settings) - HEADER_SIZE,
    now,
    nowMs,
    systemFilesCopy: new SystemFilesCopy(parts),
    connections,
    systemFilesReader: null,
  };
  const servers = await listenAll(context, addresses);
  dependencies.listening?.();
  const electionKeeper = new ElectionKeeper({ ...parts, connections, ownPort: addresses[0]!.port });
  return new RunningTracker(context, servers, electionKeeper, { hosts, port: addresses[0]!.port });
}

/** The largest package, header included (tracker.md §1.2). */
function maxPackage(settings: TrackerSettings): number {
  return Math.max(settings.buffSizeBytes, settings.maxBuffSizeBytes);
}

async function listenAll(context: TrackerContext, addresses: readonly ListenAddress[]): Promise<FrameServer[]> {
  const { cluster, log, connections } = context;
  const { settings } = cluster;
  const isAllowed =
    settings.allowHosts === null ? allowAll : await createHostFilter(settings.allowHosts, (text) => log.warn(text));
  const servers: FrameServer[] = [];
  try {
    for (const { host, port } of addresses) {
      const server = await serveFrames<Session>({
        hostname: host,
        port,
        routes: trackerRoutes,
        maxBodyBytes: context.maxPackageBytes,
        oversize: "drop",
        closeAfterEinval: false,
        networkTimeoutMs: settings.networkTimeoutSeconds * 1000,
        log,
        mayAccept: () => connections.current < settings.maxConnections,
        open(connection) {
          if (!isAllowed(connection.remoteAddress)) {
            log.error(`ip addr ${connection.remoteAddress} is not allowed to access`);
            return null;
          }
          connections.current++;
          connections.max = Math.max(connections.max, connections.current);
          return new Session(connection, context);
        },
        closed: (session) => sessionClosed(context, session),
      });
      servers.push(server);
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.close(0)));
    throw error;
  }
  return servers;
}

function sessionClosed(context: TrackerContext, session: Session): void {
  context.connections.current--;
  if (context.systemFilesReader === session) context.systemFilesReader = null;
  const { joined } = session;
  // Another connection of the same storage may have taken over meanwhile: C forgets to look.
  if (joined === null || joined.storage.connection !== session) return;
  disconnect(context.cluster, joined.group, joined.storage);
  context.log.notice(
    `storage ${joined.storage.id} of ${joined.group.name} disconnected, status ${joined.storage.status}`,
  );
  context.files.save();
}

class RunningTracker implements TrackerServer {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly #context: TrackerContext;
  readonly #servers: readonly FrameServer[];
  readonly #electionKeeper: ElectionKeeper;
  readonly #timer: ReturnType<typeof setInterval>;
  #checkedAt: number;
  #statusWrittenAt = 0;

  constructor(
    context: TrackerContext,
    servers: readonly FrameServer[],
    electionKeeper: ElectionKeeper,
    place: { hosts: readonly string[]; port: number },
  ) {
    this.#context = context;
    this.#servers = servers;
    this.#electionKeeper = electionKeeper;
    this.hosts = place.hosts;
    this.port = place.port;
    this.#checkedAt = context.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#electionKeeper.stop();
    await Promise.all(this.#servers.map((server) => server.close(GRACE_MS)));
    this.#context.files.save(true);
    this.#context.files.writeStatus(this.#context.upTime, this.#context.now());
  }

  #tick(): void {
    const { cluster, files, log, upTime, trunkKeeper } = this.#context;
    const now = this.#context.now();
    if (now - this.#checkedAt >= cluster.settings.checkActiveIntervalSeconds) {
      this.#checkedAt = now;
      for (const storage of expire(cluster, now)) {
        log.warn(
          `storage ${storage.id} of ${storage.groupName} has not been heard of for ${now - storage.stat.lastHeartBeatTime} s: OFFLINE`,
        );
      }
      trunkKeeper.replaceLost(now);
    }
    trunkKeeper.tick(now);
    files.save();
    if (now - this.#statusWrittenAt >= STATUS_FILE_SECONDS) {
      this.#statusWrittenAt = now;
      files.writeStatus(upTime, now);
    }
  }
}
