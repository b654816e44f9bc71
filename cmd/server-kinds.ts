// The two servers in the form that server-process.ts runs: how each reads its settings, where it logs, how it starts.

import type { StorageSettings, TrackerSettings } from "../conf/index.ts";
import { formatProblem, type Loaded, loadStorageConf, loadTrackerConf } from "../conf/index.ts";
import { ownerOf } from "./owner.ts";
import { openServerLog } from "./server-log.ts";
import type { ServerKind } from "./server-process.ts";

/** Settings with what an operator should hear of them. */
function heard<T>(loaded: Loaded<T>): { settings: T; warnings: readonly string[] } {
  return { settings: loaded.settings, warnings: loaded.warnings.map(formatProblem) };
}

export const trackerKind: ServerKind<TrackerSettings> = {
  name: "tracker",
  program: "fdfs_trackerd",
  load: (file) => heard(loadTrackerConf(file)),
  openLog: (settings) =>
    openServerLog(settings.basePath, "trackerd.log", settings.logLevel, settings.errorLog, ownerOf(settings)),
  async start(settings, log, { listening }) {
    const { startTracker } = await import("../core/tracker/server.ts");
    const owner = ownerOf(settings);
    const server = await startTracker(settings, { log, listening, ...(owner === undefined ? {} : { owner }) });
    const addresses = server.hosts.map((host) => `${host}:${server.port}`).join(", ");
    return { description: `listening on ${addresses}, base path ${settings.basePath}`, stop: () => server.stop() };
  },
};

export const storageKind: ServerKind<StorageSettings> = {
  name: "storage",
  program: "fdfs_storaged",
  load: (file) => heard(loadStorageConf(file)),
  openLog: (settings) =>
    openServerLog(settings.basePath, "storaged.log", settings.logLevel, settings.errorLog, ownerOf(settings)),
  async start(settings, log, { listening, delayed }, signal) {
    const { startStorage } = await import("../core/storage/server.ts");
    const owner = ownerOf(settings);
    const hooks = { listening, recovering: delayed };
    const server = await startStorage(settings, { log, ...hooks, signal, ...(owner === undefined ? {} : { owner }) });
    const paths = settings.storePaths.map(({ path }) => path).join(", ");
    return {
      description: `${server.id} of ${server.groupName} on port ${server.port}, store paths ${paths}`,
      rotateLogs: () => server.rotateLogs(),
      stop: () => server.stop(),
    };
  },
};
