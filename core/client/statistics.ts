// The three statistics queries with their filters (tracker.md §2.10-§2.12). An absent filter means any.

import type { Command } from "../wire/command.ts";
import { Status } from "../wire/status.ts";
import { StorageStatus } from "../wire/storage-status.ts";
import * as list from "../wire/tracker-list.ts";
import type { Session } from "./session.ts";

export interface TrackerFilter {
  readonly isActive?: boolean;
  readonly isLeader?: boolean;
}

export interface StorageFilter {
  readonly isActive?: boolean;
  /** Has an effect in trunk mode only. */
  readonly isTrunkServer?: boolean;
}

export interface VolumeFilter {
  readonly isDiskAvailable?: boolean;
  /** Has an effect in trunk mode only. */
  readonly isTrunkAvailable?: boolean;
  readonly isSpaceAvailable?: boolean;
}

type AnswerOf<C> = C extends Command<infer _, infer S> ? S : never;

/** Trackers as their leader sees them. */
export type TrackerStat = AnswerOf<typeof list.trackerClusterStat>["trackers"][number];
/** All storages, and two modes of the cluster. */
export type StorageClusterStat = AnswerOf<typeof list.storageClusterStatCommand>;
/** All groups, and whether trunk files are in use. Sizes in MB. */
export type VolumeStat = AnswerOf<typeof list.storageVolumnStat>;

/** Bit `index` stands for the filter at that place. */
function filterBits(...filters: readonly (boolean | undefined)[]): number {
  return filters.reduce((bits, filter, index) => bits | (filter === undefined ? 0 : 1 << index), 0);
}

export async function trackerStat({ trackers }: Session, filter: TrackerFilter): Promise<TrackerStat[]> {
  const { isActive, isLeader } = filter;
  const filterBy = filterBits(isActive, isLeader);
  const request = { filterBy, isActive: isActive ?? false, isLeader: isLeader ?? false };
  const operation = "ask for the state of the trackers";
  // Only the leader knows.
  return (await trackers.ask(operation, list.trackerClusterStat, request, [Status.EOPNOTSUPP])).trackers;
}

export async function storageStat({ trackers }: Session, filter: StorageFilter): Promise<StorageClusterStat> {
  const { isActive, isTrunkServer } = filter;
  return trackers.ask("ask for the state of the storages", list.storageClusterStatCommand, {
    filterBy: filterBits(isTrunkServer, isActive),
    operator: (isActive === false ? "!" : "=").charCodeAt(0),
    status: StorageStatus.ACTIVE,
    isTrunkServer: isTrunkServer ?? false,
  });
}

export async function volumeStat({ trackers }: Session, filter: VolumeFilter): Promise<VolumeStat> {
  const { isDiskAvailable, isTrunkAvailable, isSpaceAvailable } = filter;
  return trackers.ask("ask for the space of the groups", list.storageVolumnStat, {
    filterBy: filterBits(isDiskAvailable, isTrunkAvailable, isSpaceAvailable),
    isDiskAvailable: isDiskAvailable ?? false,
    isTrunkAvailable: isTrunkAvailable ?? false,
    isSpaceAvailable: isSpaceAvailable ?? false,
  });
}
