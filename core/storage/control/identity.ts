// Who this storage is, as its trackers see it: addresses, group, parameters, storage id (storage.md §7.1 steps 2, 4, 5).
// Asks until one tracker has answered everything.

import { Buffer } from "node:buffer";
import { isIPv4 } from "node:net";
import { parseStorageIds, type ServerAddress, type StorageIdEntry, type StorageSettings } from "../../../conf/index.ts";
import { formatServerAddress } from "../../../conf/server-address.ts";
import { addressBytes } from "../../fileid/source-address.ts";
import type { Logger } from "../../observe/logger.ts";
import { fetchStorageIds, getGroupName, getMyIp, getServerId } from "../../wire/tracker-lookup.ts";
import { parameterRequest } from "../../wire/tracker-report.ts";
import { parseParameters, type TrackerParameters } from "./parameters.ts";
import { type LinkOptions, TrackerLink } from "./tracker-link.ts";

/** At most so many pages of storage ids: C callers stop there too. */
const ID_PAGES_MAX = 32;
const RETRY_MS = 1000;
const SAY_AGAIN_MS = 60_000;

export interface Identity {
  readonly groupName: string;
  /** The storage's id: its own number, or its address. */
  readonly id: string;
  /** As the trackers see this storage; the inner one first. */
  readonly addresses: readonly string[];
  readonly parameters: TrackerParameters;
  readonly storageIds: readonly StorageIdEntry[];
  /** First four bytes of file names. */
  readonly sourceBytes: [number, number, number, number];
}

/** Asks the trackers in turn until one has told everything, or `signal` is aborted. */
export async function findIdentity(
  settings: StorageSettings,
  linkOptions: LinkOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<Identity> {
  let saidAt = 0;
  for (;;) {
    const failures: string[] = [];
    for (const tracker of settings.trackerServers) {
      signal.throwIfAborted();
      try {
        return await askTracker(settings, tracker, linkOptions);
      } catch (error) {
        failures.push(`${formatServerAddress(tracker)} (${error instanceof Error ? error.message : String(error)})`);
      }
    }
    if (Date.now() - saidAt > SAY_AGAIN_MS) {
      saidAt = Date.now();
      log.error(`Cannot learn the parameters of the cluster from any tracker, trying on: ${failures.join(", ")}`);
    }
    await pause(RETRY_MS, signal);
  }
}

/** Waits; ends at once with the signal's reason when it is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

async function askTracker(settings: StorageSettings, tracker: ServerAddress, options: LinkOptions): Promise<Identity> {
  const link = await TrackerLink.open(tracker, options);
  try {
    const { port } = settings;
    const groupName = settings.groupName === "" ? await askGroupName(link, port) : settings.groupName;
    const { addresses: list } = await link.call(getMyIp, { groupName, port });
    const addresses = list.split(",");
    const { text } = await link.call(parameterRequest, {});
    const parameters = parseParameters(Buffer.from(text).toString("latin1"));
    const storageIds = parameters.useStorageId ? await askStorageIds(link) : [];
    const id = parameters.useStorageId
      ? await askId(link, settings, groupName, addresses, parameters, storageIds)
      : addresses[0]!;
    const sourceBytes = sourceBytesOf(id, addresses, parameters);
    return { groupName, id, addresses, parameters, storageIds, sourceBytes };
  } finally {
    await link.quit();
  }
}

async function askGroupName(link: TrackerLink, port: number): Promise<string> {
  const ipAndPort = Buffer.alloc(4);
  ipAndPort.writeInt32BE(port);
  return (await link.call(getGroupName, { ipAndPort })).groupName;
}

async function askStorageIds(link: TrackerLink): Promise<StorageIdEntry[]> {
  let text = "";
  let startIndex = 0;
  for (let page = 0; page < ID_PAGES_MAX; page++) {
    const { total, current, lines } = await link.call(fetchStorageIds, { startIndex, allowEmpty: true });
    text += lines;
    startIndex += current;
    if (startIndex >= total || current === 0) break;
  }
  return parseStorageIds(text, `storage ids of tracker ${link.server}`);
}

async function askId(
  link: TrackerLink,
  settings: StorageSettings,
  groupName: string,
  addresses: readonly string[],
  parameters: TrackerParameters,
  ids: readonly StorageIdEntry[],
): Promise<string> {
  if (parameters.trustStorageServerId && settings.serverId !== "") return settings.serverId;
  const mine = ids.find(
    (entry) =>
      entry.groupName === groupName &&
      entry.port === settings.port &&
      entry.hosts.some((host) => addresses.includes(host)),
  );
  if (mine !== undefined) return mine.id;
  const host = addresses[0]!.includes(":") ? `[${addresses[0]}]:${settings.port}` : `${addresses[0]}:${settings.port}`;
  return (await link.call(getServerId, { groupName, host })).storageId;
}

function sourceBytesOf(
  id: string,
  addresses: readonly string[],
  parameters: TrackerParameters,
): [number, number, number, number] {
  if (parameters.useStorageId && parameters.idTypeInFilename === "id") {
    const number = Number(id);
    return [number & 0xff, (number >>> 8) & 0xff, (number >>> 16) & 0xff, 0];
  }
  return [...addressBytes(addresses.find((address) => isIPv4(address)) ?? addresses[0]!)] as [
    number,
    number,
    number,
    number,
  ];
}
