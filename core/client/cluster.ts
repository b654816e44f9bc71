// Groups and storages as the trackers list them, and what an administrator changes there (tracker.md §2.3-§2.9).

import { RemoteError } from "../net/remote-error.ts";
import { Status } from "../wire/status.ts";
import { StorageStatus, storageStatusName } from "../wire/storage-status.ts";
import * as list from "../wire/tracker-list.ts";
import { FdfsError, isRefusal } from "./errors.ts";
import type { Session } from "./session.ts";

export async function listGroups({ trackers }: Session): Promise<list.GroupStat[]> {
  return (await trackers.ask("list the groups", list.listAllGroups, {})).groups;
}

export async function getGroup({ trackers }: Session, groupName: string): Promise<list.GroupStat> {
  return trackers.ask(`query group ${groupName}`, list.listOneGroup, { groupName });
}

export async function listStorages(
  { trackers }: Session,
  groupName: string,
  storageId: string,
): Promise<list.StorageInfo[]> {
  const operation = `list the storages of ${groupName}`;
  return (await trackers.ask(operation, list.listStorage, { groupName, storageId })).storages;
}

/** The leader's `host:port`. */
export async function getLeader({ trackers }: Session): Promise<string> {
  return (await trackers.ask("find the leader of the trackers", list.getLeader, {}, [Status.ENOENT])).address;
}

/** On every tracker, after making sure that none sees it alive (http-config-tools.md §4.3). */
export async function deleteStorage({ trackers }: Session, groupName: string, storageId: string): Promise<void> {
  const operation = `delete storage ${storageId} of ${groupName}`;
  const request = { groupName, storageId };
  for (const answer of await trackers.askAll(list.listStorage, request)) {
    if (answer instanceof RemoteError) {
      if (isRefusal(answer, [Status.ENOENT])) continue;
      throw new FdfsError(operation, [answer]);
    }
    const status = answer.storages[0]?.status ?? StorageStatus.NONE;
    if (status === StorageStatus.ONLINE || status === StorageStatus.ACTIVE) {
      const found = `it is ${storageStatusName(status)}: stop it first (${Status.EBUSY})`;
      throw new FdfsError(operation, [new RemoteError(storageId, Status.EBUSY, true, found)]);
    }
  }
  const answers = await trackers.askAll(list.deleteStorage, request);
  expectDone(operation, answers, [Status.ENOENT, Status.EALREADY]);
}

/** An empty group, on every tracker. */
export async function deleteGroup({ trackers }: Session, groupName: string): Promise<void> {
  const answers = await trackers.askAll(list.deleteGroup, { groupName });
  expectDone(`delete group ${groupName}`, answers, [Status.ENOENT]);
}

/** Done when one tracker did it and the others refused with nothing worse than `harmless`. */
function expectDone(operation: string, answers: readonly (object | RemoteError)[], harmless: readonly number[]): void {
  const failures = answers.filter((answer) => answer instanceof RemoteError);
  const serious = failures.filter((failure) => !isRefusal(failure, harmless));
  if (serious.length > 0) throw new FdfsError(operation, serious);
  if (failures.length === answers.length) throw new FdfsError(operation, failures);
}

/** Names the trunk server, or with an empty id has it elected; resolves with its id. */
export async function setTrunkServer({ trackers }: Session, groupName: string, storageId: string): Promise<string> {
  const operation = `set the trunk server of ${groupName}`;
  const request = { groupName, storageId };
  return (await trackers.ask(operation, list.setTrunkServer, request, [Status.EOPNOTSUPP])).storageId;
}
