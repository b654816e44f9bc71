// What a storage does about news of its group that is no status: peers that were deleted or moved (changelog), an own
// address or port that changed since the last start, ids that replaced addresses.

import type { Logger } from "../../observe/logger.ts";
import { movePortOfMarkFiles, parseChangelog, renameMarkFile, retireMarkFiles } from "./changelog.ts";
import type { Discovery } from "./discovery.ts";
import type { InitFlagFile } from "./init-flag.ts";
import type { TrackerQuestions } from "./tracker-questions.ts";

export interface GroupNewsHelp {
  readonly flag: InitFlagFile;
  readonly discovery: Discovery;
  readonly port: number;
  /** `BASE/data/sync`, where the marks of peers are. */
  readonly syncFolder: string;
  /** `BASE/data/trunk`, where the marks of their copies of the trunk binlog are. */
  readonly trunkFolder: string;
  readonly questions: TrackerQuestions;
  readonly log: Logger;
}

/** Brings files and memory up to date before anything is served (storage.md §7.1 steps 5 and 6). */
export async function catchUpWithGroup(help: GroupNewsHelp): Promise<void> {
  const { flag, discovery, port, syncFolder, trunkFolder, questions, log } = help;
  const { groupName, addresses, parameters, id } = discovery;
  const { lastIpAddress, lastServerPort, syncSourceId } = flag.value;
  const own = addresses[0]!;
  if (parameters.useStorageId && syncSourceId !== "" && !/^[1-9]\d{0,7}$/.test(syncSourceId)) {
    const sourceId = (await questions.idOf(groupName, `${syncSourceId}:${port}`)) ?? "";
    log.notice(`The source of the old files, ${syncSourceId}, is called '${sourceId}' since storage ids are used`);
    flag.update({ syncSourceId: sourceId });
  }
  if (!parameters.useStorageId && lastServerPort !== 0 && lastServerPort !== port) {
    for (const folder of [syncFolder, trunkFolder]) movePortOfMarkFiles(folder, lastServerPort, port);
  }
  if (!parameters.storageIpChangedAutoAdjust || parameters.useStorageId) return;
  const [lastIp = ""] = lastIpAddress.split(",");
  if (lastIp === "") return;
  if (lastIp !== own) {
    log.notice(`The address of this storage has changed from ${lastIp} to ${own}: the trackers are told`);
    await questions.reportIpChanged(groupName, lastIp, own);
    flag.update({ lastIpAddress: addresses.join(",") });
  }
  for (const text of await questions.changelogs(groupName, id)) takeChangelog(help, text);
}

/** Lines of a changelog: marks of deleted peers are put aside, those of moved ones renamed. */
export function takeChangelog(help: GroupNewsHelp, text: string): void {
  const { flag, discovery, port, syncFolder, trunkFolder, log } = help;
  const { groupName, parameters } = discovery;
  const complain = (line: string): void => log.error(`Cannot use a line of the tracker's changelog: '${line}'`);
  for (const change of parseChangelog(text, groupName, complain)) {
    const isSource = flag.value.syncSourceId === change.id;
    if (change.kind === "deleted") {
      const retired = [syncFolder, trunkFolder].flatMap((folder) => retireMarkFiles(folder, change.id, new Date()));
      for (const name of retired) log.info(`Put the mark ${name} aside`);
      log.notice(`Storage ${change.id} was deleted from the group`);
      if (isSource) flag.update({ syncSourceId: "" });
    } else if (!parameters.useStorageId) {
      for (const folder of [syncFolder, trunkFolder]) renameMarkFile(folder, change.id, change.newId, port);
      log.notice(`Storage ${change.id} of the group has the address ${change.newId} now`);
      if (isSource) flag.update({ syncSourceId: change.newId });
    }
  }
}
