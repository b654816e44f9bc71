// What every I/O worker of this storage is told when it starts: settings and what the trackers said, in one plain message.

import type { StorageSettings } from "../../../conf/index.ts";
import { accessLogPath } from "../io/worker.ts";
import type { WorkerConfig } from "../io/worker-config.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { type ListenAddress, localAddresses } from "./addresses.ts";
import type { Discovery } from "./discovery.ts";

/** `worker` is 0-based. */
export function workerConfig(
  worker: number,
  settings: StorageSettings,
  discovery: Discovery,
  scoreboard: Scoreboard,
  addresses: readonly ListenAddress[],
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
    networkTimeoutMs: settings.networkTimeoutSeconds * 1000,
    durability: settings.durability,
    allowHosts: settings.allowHosts,
    addressesById: Object.fromEntries(discovery.storageIds.map((entry) => [entry.id, entry.hosts[0]!])),
    updateFailover: discovery.parameters.updateFailover,
    readThrough: settings.readThrough
      ? { connectTimeoutMs: settings.connectTimeoutSeconds * 1000, localAddresses: localAddresses(settings) }
      : null,
    accessLog: accessLog.enabled
      ? {
          path: accessLogPath(settings.basePath),
          precision: accessLog.timePrecision,
          flushIntervalMs: accessLog.flushIntervalSeconds * 1000,
        }
      : null,
  };
}
