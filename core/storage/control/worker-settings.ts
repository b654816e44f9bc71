// What every I/O worker of this storage is told when it starts: settings and what the trackers said, in one plain message.

import { duplicateIndexPlace, type StorageSettings } from "../../../conf/index.ts";
import type { DuplicatesConfig } from "../duplicates/duplicates.ts";
import { accessLogPath } from "../io/worker.ts";
import type { WorkerConfig } from "../io/worker-config.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import type { TrunkSetup } from "../trunk/shared-space.ts";
import { announcedPort, type ListenAddress, localAddresses } from "./addresses.ts";
import type { Discovery } from "./discovery.ts";

/** `worker` is 0-based. */
export function workerConfig(
  worker: number,
  settings: StorageSettings,
  discovery: Discovery,
  scoreboard: Scoreboard,
  addresses: readonly ListenAddress[],
  trunk: TrunkSetup | null = null,
): WorkerConfig {
  const { accessLog } = settings;
  return {
    worker,
    scoreboard: scoreboard.buffer,
    listen: addresses,
    groupName: discovery.groupName,
    sourceBytes: discovery.sourceBytes,
    storePaths: settings.storePaths,
    subdirCountPerPath: settings.subdirCountPerPath,
    fileDistributePathMode: settings.fileDistributePathMode === 0 ? 0 : 1,
    fileDistributeRotateCount: settings.fileDistributeRotateCount,
    basePath: settings.basePath,
    buffSizeBytes: settings.buffSizeBytes,
    maxConnections: settings.maxConnections,
    connectTimeoutMs: settings.connectTimeoutSeconds * 1000,
    networkTimeoutMs: settings.networkTimeoutSeconds * 1000,
    localAddresses: localAddresses(settings),
    durability: settings.durability,
    allowHosts: settings.allowHosts,
    addressesById: Object.fromEntries(discovery.storageIds.map((entry) => [entry.id, entry.hosts[0]!])),
    slaveFilesUseLink: discovery.parameters.storeSlaveFileUseLink,
    updateFailover: discovery.parameters.updateFailover,
    readThrough: settings.readThrough,
    trunk,
    duplicates: duplicatesConfig(settings, discovery),
    accessLog: accessLog.enabled
      ? {
          path: accessLogPath(settings.basePath),
          precision: accessLog.timePrecision,
          flushIntervalMs: accessLog.flushIntervalSeconds * 1000,
        }
      : null,
  };
}

function duplicatesConfig(settings: StorageSettings, discovery: Discovery): DuplicatesConfig | null {
  const place = duplicateIndexPlace(settings);
  if (place === null) return null;
  return {
    place,
    method: settings.fileSignatureMethod,
    namespace: settings.keyNamespace,
    trackers: settings.trackerServers,
    ownAddresses: discovery.addresses,
    ownPort: announcedPort(settings),
    workerCount: settings.workThreads,
  };
}
