// Asks trackers and storages what the findings need, all at the same time: storages are asked as soon as the first tracker
// names them, so that servers that are away cost one connect timeout together. It judges nothing.

import { setTimeout as sleep } from "node:timers/promises";
import type { Endpoint, FdfsClient, ReplicationAnswer, TrackerView } from "../../core/client/index.ts";
import type { PeerReport, RecoveryReport } from "../../core/wire/own-commands.ts";
import { StorageStatus } from "../../core/wire/storage-status.ts";
import type { StorageInfo } from "../../core/wire/tracker-list.ts";
import type { DecodedId, FileFacts, Replica } from "./file-facts.ts";
import {
  type ClusterFacts,
  isTombstone,
  type Member,
  memberKey,
  type Pace,
  type Picture,
  paceKey,
  pictureOf,
} from "./picture.ts";

/** Between the two looks that a pace is worked out from. */
const PACE_MS = 1000;

const endpointOf = ({ ipAddress, storagePort }: StorageInfo): Endpoint => ({
  host: ipAddress,
  port: storagePort,
});

/** Called once for every storage, as soon as a tracker names it. */
type OnStorage = (groupName: string, info: StorageInfo) => void;

export async function collectCluster(client: FdfsClient, onStorage: OnStorage = () => {}): Promise<Picture> {
  const asked = new Map<string, Promise<ReplicationAnswer>>();
  const recovering = new Map<string, Promise<RecoveryReport | null>>();
  const note = (view: TrackerView): TrackerView => {
    for (const { group, storages } of view.groups) {
      for (const info of storages) {
        const key = memberKey(group.groupName, info.id);
        if (asked.has(key)) continue;
        asked.set(key, client.storageReplication(endpointOf(info)));
        if (info.status === StorageStatus.RECOVERY) recovering.set(key, client.storageRecovery(endpointOf(info)));
        onStorage(group.groupName, info);
      }
    }
    return view;
  };
  const trackers = await Promise.all(client.trackerViews().map((view) => view.then(note)));
  const answers = new Map<string, ReplicationAnswer>();
  for (const [key, answer] of asked) answers.set(key, await answer);
  const recoveries = new Map<string, RecoveryReport>();
  for (const [key, answer] of recovering) {
    const report = await answer;
    if (report !== null) recoveries.set(key, report);
  }
  const now = Math.floor(Date.now() / 1000);
  return pictureOf({ now, trackers, answers, paces: new Map(), recoveries });
}

/** Looks a second time at what is being copied to or from these servers; without anything under way it costs nothing. */
export async function withPaces(client: FdfsClient, picture: Picture, members: readonly Member[]): Promise<Picture> {
  const concerned = picture.groups
    .flatMap((group) => group.members)
    .filter((from) => busyPeers(from).some((to) => members.some((one) => concerns(one, from, to))));
  if (concerned.length === 0) return picture;
  const startedAt = performance.now();
  await sleep(PACE_MS);
  const paces = new Map<string, Pace>();
  const measure = async (from: Member): Promise<void> => {
    const later = await client.storageReplication(endpointOf(from.info));
    const seconds = (performance.now() - startedAt) / 1000;
    if (later.kind !== "report") return;
    for (const before of busyPeers(from)) {
      const after = later.report.peers.find(({ id }) => id === before.id);
      if (after !== undefined)
        paces.set(paceKey(from.groupName, from.info.id, before.id), paceOf(before, after, seconds));
    }
  };
  await Promise.all(concerned.map(measure));
  const facts: ClusterFacts = { ...picture.facts, paces };
  return pictureOf(facts);
}

function busyPeers({ answer }: Member): PeerReport[] {
  return answer?.kind === "report" ? answer.report.peers.filter(({ state }) => state === "copying") : [];
}

const concerns = (one: Member, from: Member, to: PeerReport): boolean =>
  one.groupName === from.groupName && (one.info.id === from.info.id || one.info.id === to.id);

function paceOf(before: PeerReport, after: PeerReport, seconds: number): Pace {
  return {
    records: Math.max(0, after.copiedRecords - before.copiedRecords) / seconds,
    contentBytes: Math.max(0, after.copiedBytes - before.copiedBytes) / seconds,
    binlogBytes: Math.max(0, before.behindBytes - after.behindBytes) / seconds,
  };
}

/** The cluster, and what each server of the file's group has of it. */
export async function collectFile(
  client: FdfsClient,
  decoded: DecodedId,
  verify: boolean,
): Promise<{ picture: Picture; file: FileFacts }> {
  const asked = new Map<string, Promise<Omit<Replica, "member">>>();
  const picture = await collectCluster(client, (groupName, info) => {
    if (groupName === decoded.groupName) asked.set(info.id, ask(client, decoded, info, verify));
  });
  const group = picture.groups.find(({ stat }) => stat.groupName === decoded.groupName);
  const members = (group?.members ?? []).filter(({ info }) => !isTombstone(info.status));
  const replicas = await Promise.all(
    members.map(async (member) => ({
      member,
      ...(await (asked.get(member.info.id) ?? ask(client, decoded, member.info, verify))),
    })),
  );
  return {
    picture,
    file: { decoded, replicas, readers: group === undefined ? null : await readersOf(client, decoded) },
  };
}

async function ask(
  client: FdfsClient,
  { id }: DecodedId,
  info: StorageInfo,
  verify: boolean,
): Promise<Omit<Replica, "member">> {
  const file = await client.fileAt(endpointOf(info), id);
  if (!verify || file.kind !== "present") return { file, content: null };
  // Storages since 6.15.4 refuse to send an empty file (storage.md §2.7).
  if (file.size === 0) return { file, content: { kind: "present", size: 0, crc32: 0, sha256: SHA256_OF_NOTHING } };
  return { file, content: await client.contentAt(endpointOf(info), id) };
}

const SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

async function readersOf(client: FdfsClient, { id }: DecodedId): Promise<string[] | null> {
  try {
    return (await client.queryFetchAll(id)).map(({ host }) => host);
  } catch {
    return null;
  }
}
