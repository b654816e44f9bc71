// The cluster as each tracker sees it by itself: who leads, which groups and storages there are. Comparing the views is
// the reader's business.

import { RemoteError } from "../net/remote-error.ts";
import { Status } from "../wire/status.ts";
import { trackerGetStatus } from "../wire/tracker-cluster.ts";
import * as list from "../wire/tracker-list.ts";
import type { Endpoint } from "./endpoint.ts";
import { isRefusal } from "./errors.ts";
import type { Session } from "./session.ts";

export interface GroupView {
  readonly group: list.GroupStat;
  readonly storages: readonly list.StorageInfo[];
}

export interface TrackerView {
  readonly tracker: Endpoint;
  /** Why nothing is known from this tracker; null when it answered. */
  readonly failure: string | null;
  readonly isLeader: boolean;
  /** `host:port` of the leader as this tracker names it; null when it knows none. */
  readonly leader: string | null;
  /** Since its start, in steps of 300 seconds; null when it does not tell. */
  readonly runningTimeSeconds: number | null;
  readonly groups: readonly GroupView[];
}

/** One promise a tracker, in the order of the list; none rejects. */
export function trackerViews({ trackers }: Session): Promise<TrackerView>[] {
  const talks = trackers.talkToEach(async (ask) => {
    // A tracker without groups answers ENOENT to both questions (tracker.md §2.9, §7.2); before 6.15.5 none knew the first.
    const leader = await ask(list.getLeader, {}).catch(unless(Status.ENOENT, Status.EINVAL));
    const status = await ask(trackerGetStatus, {}).catch(unless(Status.ENOENT));
    const { groups } = await ask(list.listAllGroups, {});
    const views = groups.map(async (group) => {
      const request = { groupName: group.groupName, storageId: "" };
      const answer = await ask(list.listStorage, request).catch(unless(Status.ENOENT));
      return { group, storages: answer?.storages ?? [] };
    });
    return {
      isLeader: status?.isLeader ?? false,
      leader: leader?.address ?? null,
      runningTimeSeconds: status?.runningTimeSeconds ?? null,
      groups: await Promise.all(views),
    };
  });
  return talks.map(async ({ tracker, outcome }) => {
    const view = await outcome;
    if (!(view instanceof RemoteError)) return { tracker, failure: null, ...view };
    const failure = view.message.slice(view.server.length + 2);
    return { tracker, failure, isLeader: false, leader: null, runningTimeSeconds: null, groups: [] };
  });
}

/** Turns some refusals into null. */
const unless =
  (...statuses: number[]) =>
  (error: unknown): null => {
    if (isRefusal(error, statuses)) return null;
    throw error;
  };
