// What a storage must learn from its trackers before it may serve: its group, its addresses, the parameters, its id
// (storage.md §7.1). Asks all trackers, again and again until one has answered; nothing here changes state on disk.

import { networkInterfaces } from "node:os";
import {
  formatServerAddress,
  type ServerAddress,
  type StorageIdEntry,
  type StorageSettings,
} from "../../../conf/index.ts";
import type { SourceBytes } from "../../fileid/source-address.ts";
import { RemoteError } from "../../net/remote-error.ts";
import type { Logger } from "../../observe/logger.ts";
import { GROUP_NAME_SIZE } from "../../wire/limits.ts";
import { Status } from "../../wire/status.ts";
import { fetchStorageIds, getGroupName, getMyIp, getServerId } from "../../wire/tracker-lookup.ts";
import { parameterRequest } from "../../wire/tracker-report.ts";
import { announcedPort, resolveTracker } from "./addresses.ts";
import { findTrustedId, idOfAddress, type OwnFacts, readIdLines, sourceBytesOf } from "./identity.ts";
import { parseTrackerParameters, type TrackerParameters } from "./parameters.ts";
import { pause, unlessAborted } from "./pause.ts";
import { type LinkOptions, TrackerLink } from "./tracker-link.ts";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5000;
/** An unchanged reason is repeated in the log this often. */
const REMIND_MS = 60_000;
/** With one tracker's answer at hand the others get this long: one that hangs must not hold up the start. */
const OTHERS_MS = 3000;
/** As C: a list that does not end within so many answers is broken. */
const MAX_ID_PAGES = 32;

export interface Discovery {
  readonly groupName: string;
  /** Own addresses as the trackers see them, the inner one first. */
  readonly addresses: readonly string[];
  readonly parameters: TrackerParameters;
  /** Empty unless the trackers use storage ids. */
  readonly storageIds: readonly StorageIdEntry[];
  readonly id: string;
  readonly sourceBytes: SourceBytes;
}

/** A mistake that trying again does not mend: the settings and the trackers contradict each other. */
class IdentityError extends Error {
  override readonly name = "IdentityError";
}

/** Asks until at least one tracker has answered everything. Rejects with an IdentityError, or the signal's reason. */
export async function discover(
  settings: StorageSettings,
  options: LinkOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<Discovery> {
  let lastReport = "";
  let reportedAt = 0;
  for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
    const answers = await unlessAborted(
      settleSoon(settings.trackerServers.map((tracker) => interview(tracker, settings, options))),
      signal,
    );
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
    const [first] = found;
    if (first !== undefined) {
      checkAgreement(settings.trackerServers, answers);
      for (const failure of failures) log.warn(`Cannot use a tracker yet: ${messageOf(failure)}`);
      return first;
    }
    const mistake = failures.find((failure) => failure instanceof IdentityError);
    if (mistake !== undefined) throw mistake;
    const report = failures.map(messageOf).join("; ");
    if (report !== lastReport || Date.now() - reportedAt > REMIND_MS) {
      log.error(`Cannot start serving yet: no tracker has answered (${report}); trying again`);
      lastReport = report;
      reportedAt = Date.now();
    }
    await pause(retryMs, signal);
    signal.throwIfAborted();
  }
}

/** The outcome of each; one that is still open OTHERS_MS after the first success counts as failed. */
function settleSoon<T>(works: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
  const late = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const bounded = works.map((work) => {
    work.then(
      () => {
        timer ??= setTimeout(() => late.reject(new Error("a tracker does not answer")), OTHERS_MS);
      },
      () => {},
    );
    return Promise.race([work, late.promise]);
  });
  return Promise.allSettled(bounded).finally(() => clearTimeout(timer));
}

/** All questions to one tracker. */
async function interview(tracker: ServerAddress, settings: StorageSettings, options: LinkOptions): Promise<Discovery> {
  const link = await TrackerLink.open(await resolveTracker(tracker), options);
  const name = formatServerAddress(tracker);
  try {
    const port = announcedPort(settings);
    const groupName = settings.groupName !== "" ? settings.groupName : await askGroupName(link, name, port);
    const addresses = await askAddresses(link, groupName, port);
    const parameters = parseTrackerParameters(textOf((await link.request(parameterRequest, {})).text));
    const storageIds = parameters.useStorageId ? await askStorageIds(link) : [];
    const own: OwnFacts = { groupName, port, serverId: settings.serverId, addresses: localHostAddresses(addresses) };
    const id = parameters.useStorageId
      ? ((parameters.trustStorageServerId ? findTrusted(storageIds, own) : null) ??
        (await askServerId(link, name, groupName, addresses[0]!, port)))
      : idOfAddress(addresses[0]!);
    const sourceBytes = sourceBytesOf(parameters.idTypeInFilename, id, addresses[0]!);
    return { groupName, addresses, parameters, storageIds, id, sourceBytes };
  } finally {
    link.quit();
  }
}

async function askGroupName(link: TrackerLink, tracker: string, port: number): Promise<string> {
  const ipAndPort = new Uint8Array(4);
  new DataView(ipAndPort.buffer).setInt32(0, port);
  try {
    return (await link.request(getGroupName, { ipAndPort })).groupName.slice(0, GROUP_NAME_SIZE);
  } catch (error) {
    if (!isAnswer(error, Status.ENOENT, Status.EOPNOTSUPP)) throw error;
    const remedy = "set group_name in storage.conf, or list this storage in the tracker's storage_ids.conf";
    throw new IdentityError(
      `Cannot tell which group to join: tracker ${tracker} does not know port ${port}; ${remedy}`,
    );
  }
}

/** Own addresses as the tracker sees them. */
export async function askAddresses(link: TrackerLink, groupName: string, port: number): Promise<string[]> {
  const { addresses } = await link.request(getMyIp, { groupName, port });
  const list = addresses.split(",").filter((address) => address !== "");
  if (list.length === 0) throw new Error(`${link.host}: the tracker told no address for this storage`);
  return list;
}

async function askStorageIds(link: TrackerLink): Promise<StorageIdEntry[]> {
  let lines = "";
  let start = 0;
  for (let page = 0; page < MAX_ID_PAGES; page++) {
    const answer = await link.request(fetchStorageIds, { startIndex: start, allowEmpty: false });
    lines += answer.lines;
    start += answer.current;
    if (start >= answer.total || answer.current <= 0) break;
  }
  return readIdLines(lines);
}

/** The id that the tracker's list gives to an address of this group; IdentityError when there is none. */
async function askServerId(
  link: TrackerLink,
  tracker: string,
  groupName: string,
  address: string,
  port: number,
): Promise<string> {
  const host = formatServerAddress({ hosts: [address], port });
  try {
    return (await link.request(getServerId, { groupName, host })).storageId;
  } catch (error) {
    if (!isAnswer(error, Status.ENOENT)) throw error;
    const remedy = `add a line "<id> ${groupName} ${host}" to the tracker's storage_ids.conf`;
    throw new IdentityError(`Cannot join: tracker ${tracker} has no id for ${host} of ${groupName}; ${remedy}`);
  }
}

function findTrusted(entries: readonly StorageIdEntry[], own: OwnFacts): string | null {
  try {
    return findTrustedId(entries, own);
  } catch (error) {
    throw new IdentityError(messageOf(error));
  }
}

/** Addresses that others may know this host by. */
function localHostAddresses(seen: readonly string[]): string[] {
  const outside = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter((entry) => !entry.internal));
  return [...seen, ...outside.map((entry) => entry.address)];
}

/** Trackers that see different storages in us would split the group. */
function checkAgreement(trackers: readonly ServerAddress[], answers: readonly PromiseSettledResult<Discovery>[]): void {
  const seen = answers.flatMap((answer, index) =>
    answer.status === "fulfilled" ? [{ tracker: trackers[index]!, answer: answer.value }] : [],
  );
  const [first, ...others] = seen;
  for (const other of others) {
    const [a, b] = [first!.answer, other.answer];
    const isSame = a.id === b.id && a.addresses.join() === b.addresses.join() && a.groupName === b.groupName;
    if (isSame) continue;
    const say = (entry: { tracker: ServerAddress; answer: Discovery }): string =>
      `${formatServerAddress(entry.tracker)} sees ${entry.answer.groupName} ${entry.answer.id} at ${entry.answer.addresses.join()}`;
    throw new IdentityError(`Cannot join: the trackers do not agree who this is: ${say(first!)}, ${say(other)}`);
  }
}

/** True when the tracker itself answered with one of these statuses. */
export function isAnswer(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof RemoteError && error.answered && statuses.includes(error.status);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
