// `fdfs server`: a tracker and a storage on loopback in one process, without configuration: to try things, for tests and
// for developers. Its data stays in DIR and is an ordinary FastDFS data directory.

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { storageDefaults, trackerDefaults } from "../conf/index.ts";
import { createLogger } from "../core/observe/logger.ts";
import { startStorage } from "../core/storage/server.ts";
import { startTracker } from "../core/tracker/server.ts";
import { DEFAULT_STORAGE_PORT, DEFAULT_TRACKER_PORT } from "../core/wire/limits.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet, numberOption, textOption } from "./options.ts";
import { versionLine } from "./version.ts";

/** A loopback address of its own: storages are known by their address, and 127.0.0.1 is refused by C storages. */
const DEFAULT_HOST = "127.0.0.88";
const DEFAULT_FOLDER = "fdfs-data";
const SUBDIR_COUNT = 16;
const WORKERS = 2;

export async function run(context: CommandContext): Promise<number> {
  const { args, options, cwd, stdout, stderr, signal } = context;
  if (args.length > 1) throw new UsageError(`One folder at most, found ${args.length}`);
  const folder = resolve(cwd, args[0] ?? DEFAULT_FOLDER);
  const host = textOption(options, "host") ?? DEFAULT_HOST;
  const trackerPath = join(folder, "tracker");
  const storagePath = join(folder, "storage");
  for (const path of [trackerPath, storagePath]) mkdirSync(path, { recursive: true });
  const level = isSet(options, "verbose") ? "INFO" : "WARNING";
  const log = createLogger(level, (line) => void stderr.write(`${line}\n`));

  const tracker = await startTracker(
    trackerDefaults({
      basePath: trackerPath,
      bindAddr: host,
      port: numberOption(options, "trackerPort") ?? DEFAULT_TRACKER_PORT,
      reservedStorageSpace: { kind: "mb", mb: 0 },
    }),
    { log },
  );
  try {
    const storage = await startStorage(
      storageDefaults({
        basePath: storagePath,
        storePaths: [{ path: storagePath, isReadOnly: false }],
        groupName: "group1",
        bindAddr: host,
        port: numberOption(options, "storagePort") ?? DEFAULT_STORAGE_PORT,
        trackerServers: [{ hosts: [host], port: tracker.port }],
        subdirCountPerPath: SUBDIR_COUNT,
        workThreads: WORKERS,
        heartBeatIntervalSeconds: 1,
        statReportIntervalSeconds: 5,
      }),
      { log, signal },
    );
    try {
      await storage.whenJoined();
      const address = `${host}:${tracker.port}`;
      const readyFile = textOption(options, "readyFile");
      if (readyFile !== undefined) announce(resolve(cwd, readyFile), address);
      await stdout.write(`${versionLine()}\ntracker ${address}, storage ${host}:${storage.port}, data in ${folder}\n`);
      await stdout.write(`export FDFS_TRACKERS=${address}\n`);
      await new Promise<void>((stop) => {
        if (signal.aborted) stop();
        signal.addEventListener("abort", () => stop(), { once: true });
      });
    } finally {
      await storage.stop();
    }
  } finally {
    await tracker.stop();
  }
  return 0;
}

/** Whoever waits for the file sees it whole. */
function announce(file: string, address: string): void {
  writeFileSync(`${file}.tmp`, address);
  renameSync(`${file}.tmp`, file);
}
