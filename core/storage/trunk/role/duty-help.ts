// Puts together what a term of the trunk server works with, from what the storage has.

import type { ServerAddress } from "../../../../conf/index.ts";
import { Status } from "../../../wire/status.ts";
import { hostsOf } from "../../control/addresses.ts";
import { isAnswer, messageOf } from "../../control/discovery.ts";
import type { Member } from "../../control/membership.ts";
import type { TrunkParameters } from "../../control/trunk-parameters.ts";
import { markFileName } from "../../replication/mark.ts";
import type { TrunkJournalFile } from "../journal-file.ts";
import type { SharedTrunkSpace } from "../shared-space.ts";
import type { DutyHelp } from "./duty.ts";
import { FileMaker } from "./file-maker.ts";
import type { TrunkKeeperHelp } from "./keeper-help.ts";
import type { LeaderLine } from "./leader-line.ts";
import { trunkPaths } from "./paths.ts";

export interface DutyParts {
  readonly parameters: TrunkParameters;
  readonly space: SharedTrunkSpace;
  readonly journal: TrunkJournalFile;
  readonly line: LeaderLine;
  isServing(): boolean;
  isSuspended(): boolean;
}

export function makeDutyHelp(help: TrunkKeeperHelp, parts: DutyParts): DutyHelp {
  const { settings, discovery, membership, questions, scoreboard, flag, log, linkOptions, port } = help;
  const { parameters: trackers, storageIds, groupName } = discovery;
  const { parameters, space, journal, line } = parts;
  return {
    ...{ parameters, space, journal, flag, membership, scoreboard, linkOptions, log },
    maker: makeFileMaker(help, parts),
    ownId: discovery.id,
    basePath: settings.basePath,
    paths: trunkPaths(settings.basePath),
    storePaths: settings.storePaths,
    heartBeatIntervalMs: settings.heartBeatIntervalSeconds * 1000,
    upSince: Math.floor(Date.now() / 1000),
    isSuspended: () => parts.isSuspended(),
    foundSlots: help.foundSlots,
    addressOf: (member: Member): ServerAddress => ({ hosts: hostsOf(storageIds, member), port: member.port }),
    markName: (id) => markFileName(id, port, trackers.useStorageId),
    oldMarkName: (id) => {
      const member = trackers.useStorageId ? membership.find(id) : undefined;
      return member === undefined ? null : markFileName(member.ipAddress, port, false);
    },
    leadersFileId: () => line.lastFileId(),
    storages: () => questions.storages(membership.leader ?? 0, groupName),
  };
}

function makeFileMaker(help: TrunkKeeperHelp, { space, journal, line, isServing }: DutyParts): FileMaker {
  const { settings, scoreboard, flag, log } = help;
  const { fileDistributeRotateCount: rotateCount, subdirCountPerPath: subdirCount } = settings;
  return new FileMaker({
    ...{ space, log, subdirCount },
    storePaths: settings.storePaths.map(({ path }) => path),
    isOnDuty: isServing,
    flush: () => journal.flush(),
    currentId: () => flag.value.currentTrunkFileId,
    saveId: (currentTrunkFileId) => flag.update({ currentTrunkFileId }),
    reportId: (id) =>
      line.reportFileId(id).then(
        () => true,
        (error: unknown) => {
          log.error(`The leading tracker does not know of trunk file ${id} yet: ${messageOf(error)}`);
          return !isAnswer(error, Status.EINVAL);
        },
      ),
    nextDirectory: () =>
      settings.fileDistributePathMode === 0 ? scoreboard.directories.next(rotateCount, subdirCount) : null,
  });
}
