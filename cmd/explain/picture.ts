// The cluster put together from what each tracker and each storage said: who is a member, under which name people know it,
// what the authoritative tracker holds of it and what the others hold. Pure; judgement is the findings' business.

import type { ReplicationAnswer, TrackerView } from "../../core/client/index.ts";
import type { PeerReport, RecoveryReport } from "../../core/wire/own-commands.ts";
import { StorageStatus } from "../../core/wire/storage-status.ts";
import type { GroupStat, StorageInfo } from "../../core/wire/tracker-list.ts";
import { formatHost } from "../render/cluster-text.ts";

/** How fast one storage copies to another, per second. */
export interface Pace {
  readonly records: number;
  readonly contentBytes: number;
  /** Of the binlog, by which `behindBytes` shrinks. */
  readonly binlogBytes: number;
}

/** Everything that was found out. Maps have keys of `memberKey`; paces of `paceKey`. */
export interface ClusterFacts {
  /** Unix seconds. */
  readonly now: number;
  readonly trackers: readonly TrackerView[];
  readonly answers: ReadonlyMap<string, ReplicationAnswer>;
  readonly paces: ReadonlyMap<string, Pace>;
  /** Of storages in status RECOVERY that tell. */
  readonly recoveries?: ReadonlyMap<string, RecoveryReport>;
}

interface StatusAt {
  readonly tracker: string;
  /** Null: this tracker does not know the storage. */
  readonly info: StorageInfo | null;
}

export interface Member {
  readonly groupName: string;
  readonly info: StorageInfo;
  /** "10.0.0.2", with its port where the group has several on that address, with its id where it has one. */
  readonly name: string;
  /** What it said of its copying; null when it was not asked. */
  readonly answer: ReplicationAnswer | null;
  readonly statusAt: readonly StatusAt[];
}

export interface GroupPicture {
  readonly stat: GroupStat;
  readonly members: readonly Member[];
}

export interface Picture {
  readonly facts: ClusterFacts;
  /** The leader, else the first tracker that knows a group; null when no tracker answered. */
  readonly authority: TrackerView | null;
  readonly groups: readonly GroupPicture[];
}

export const addressOf = ({ host, port }: { host: string; port: number }): string => `${formatHost(host)}:${port}`;
export const memberKey = (groupName: string, id: string): string => `${groupName}/${id}`;
export const paceKey = (groupName: string, from: string, to: string): string => `${groupName}/${from}>${to}`;

/** Entries that only remember a storage which is no more. */
export const isTombstone = (status: number): boolean =>
  status === StorageStatus.DELETED || status === StorageStatus.IP_CHANGED;

export const isActive = ({ info }: Member): boolean => info.status === StorageStatus.ACTIVE;

export function pictureOf(facts: ClusterFacts): Picture {
  const authority = authorityOf(facts.trackers);
  const groups = (authority?.groups ?? []).map(({ group, storages }) => ({
    stat: group,
    members: storages.map((info) => memberOf(facts, group.groupName, info, storages)),
  }));
  return { facts, authority, groups };
}

function authorityOf(trackers: readonly TrackerView[]): TrackerView | null {
  const answering = trackers.filter(({ failure }) => failure === null);
  const knowing = answering.filter(({ groups }) => groups.length > 0);
  return knowing.find(({ isLeader }) => isLeader) ?? knowing[0] ?? answering[0] ?? null;
}

function memberOf(facts: ClusterFacts, groupName: string, info: StorageInfo, all: readonly StorageInfo[]): Member {
  return {
    groupName,
    info,
    name: nameOf(info, all),
    answer: facts.answers.get(memberKey(groupName, info.id)) ?? null,
    statusAt: facts.trackers
      .filter(({ failure }) => failure === null)
      .map((view) => ({ tracker: addressOf(view.tracker), info: storageIn(view, groupName, info.id) })),
  };
}

function nameOf({ id, ipAddress, storagePort }: StorageInfo, all: readonly StorageInfo[]): string {
  const isAlone = all.filter((other) => other.ipAddress === ipAddress).length < 2;
  const place = isAlone ? ipAddress : addressOf({ host: ipAddress, port: storagePort });
  // Without storage ids the id is the address.
  return id === ipAddress ? place : `${place} (id ${id})`;
}

function storageIn(view: TrackerView, groupName: string, id: string): StorageInfo | null {
  const group = view.groups.find((one) => one.group.groupName === groupName);
  return group?.storages.find((storage) => storage.id === id) ?? null;
}

/** What `from` says of its copying to `to`; null when it does not tell. */
export function debtOf(from: Member, to: Member): PeerReport | null {
  if (from.answer?.kind !== "report") return null;
  return from.answer.report.peers.find(({ id }) => id === to.info.id) ?? null;
}

/** The other members that may hold or owe files. */
export function peersOf(member: Member, members: readonly Member[]): Member[] {
  return members.filter((other) => other.info.id !== member.info.id && !isTombstone(other.info.status));
}
