// Why a storage has the status it has, for those that are full members of their group or no longer are; new members have
// their own file. Pure.

import { RwMode, StorageStatus, storageStatusName } from "../../core/wire/storage-status.ts";
import { recoveryLine } from "../render/recovery-text.ts";
import { type Finding, finding } from "./finding.ts";
import { newMemberFinding } from "./new-member.ts";
import { isActive, type Member, memberKey, type Picture, peersOf } from "./picture.ts";
import { ended, listing, moment } from "./words.ts";

/** So long after a storage's start the trackers may still see it differently. */
const SETTLING_SECONDS = 60;

const subjectOf = (member: Member): string => `storage ${member.name}`;
const titleOf = (member: Member): string => `Storage ${member.name} of ${member.groupName}`;

/** One finding on the status, and one more where the trackers do not agree about it. */
export function statusFindings(member: Member, members: readonly Member[], picture: Picture): Finding[] {
  const disagreement = disagreementOf(member, picture.facts.now);
  const own = statusFinding(member, members, picture);
  return disagreement === null ? [own] : [own, disagreement];
}

function statusFinding(member: Member, members: readonly Member[], picture: Picture): Finding {
  const { now } = picture.facts;
  switch (member.info.status) {
    case StorageStatus.ACTIVE:
      return active(member);
    case StorageStatus.ONLINE:
      return finding(
        "notice",
        subjectOf(member),
        `${titleOf(member)} is ONLINE: it has joined and not reported yet.`,
        "A storage becomes ACTIVE with its first heartbeat or disk report after joining.",
        "Ask again after its heart_beat_interval (30 seconds by default); if it stays so see its log.",
      );
    case StorageStatus.OFFLINE:
      return offline(member, members, now);
    case StorageStatus.RECOVERY:
      return recovery(member, picture);
    case StorageStatus.DELETED:
      return gone(member, "was removed from the cluster by an administrator");
    case StorageStatus.IP_CHANGED:
      return gone(member, "is the old address of a storage that has another one now");
    case StorageStatus.INIT:
    case StorageStatus.WAIT_SYNC:
    case StorageStatus.SYNCING:
      return newMemberFinding(member, members, picture);
    default:
      return finding(
        "problem",
        subjectOf(member),
        `${titleOf(member)} has the status ${storageStatusName(member.info.status)} (${member.info.status}).`,
        "No server of this version has such a status.",
        "Check the versions of tracker and storage.",
      );
  }
}

function active(member: Member): Finding {
  const { rwMode, ipAddress, storagePort } = member.info;
  if (member.answer?.kind === "failed") {
    return finding(
      "problem",
      subjectOf(member),
      `${titleOf(member)} is ACTIVE at the tracker and does not answer here: ${ended(member.answer.reason)}`,
      "Either it has just died and the tracker has not noticed yet (check_active_interval), or it answers the tracker and not this machine.",
      `Try ${ipAddress} port ${storagePort} from another machine; if it answers nowhere, start it or see its log.`,
    );
  }
  const mode =
    rwMode === RwMode.READ
      ? ", for reading only (rw = read in storage_ids.conf)"
      : rwMode === RwMode.WRITE
        ? ", for writing only (rw = write in storage_ids.conf)"
        : rwMode === RwMode.NONE
          ? ", and neither read nor written (rw = none in storage_ids.conf)"
          : "";
  return finding("ok", subjectOf(member), `${titleOf(member)} is ACTIVE${mode}.`);
}

/** Where the members stand that can serve meanwhile. */
function meanwhile(member: Member, members: readonly Member[]): string {
  const serving = peersOf(member, members).filter(isActive);
  if (serving.length > 0) {
    return `Meanwhile ${listing(serving.map(({ name }) => name))} ${serving.length === 1 ? "serves" : "serve"} the group's files.`;
  }
  return "No other server of the group is ACTIVE: its files cannot be reached until it is back.";
}

function offline(member: Member, members: readonly Member[], now: number): Finding {
  const { info, answer, groupName } = member;
  const beat = info.stat.lastHeartBeatTime;
  const last =
    beat === 0
      ? "no heartbeat of it has arrived since the tracker started"
      : `its last heartbeat came ${moment(beat, now)}`;
  const what = `${titleOf(member)} is OFFLINE; ${last}.`;
  const serving = meanwhile(member, members);
  if (answer?.kind === "failed") {
    return finding(
      "problem",
      subjectOf(member),
      what,
      `Nothing serves at its port ${info.storagePort}: ${ended(answer.reason)} Its process does not run, its machine is down, or the network is cut. ${serving}`,
      `Start it (fdfs storage --conf FILE start) or see its log, BASE_PATH/logs/storaged.log. It catches up by itself. If it shall never come back: fdfs delete-storage ${groupName} ${info.id}.`,
    );
  }
  return finding(
    "problem",
    subjectOf(member),
    what,
    `The server itself answers at its port, so it runs, but its heartbeats do not reach the tracker: it has just started, or the network from it to the tracker is cut. ${serving}`,
    "Ask again after 30 seconds; if it stays so see its log for why it cannot reach the tracker, and check tracker_server in its storage.conf.",
  );
}

function recovery(member: Member, { facts }: Picture): Finding {
  const report = facts.recoveries?.get(memberKey(member.groupName, member.info.id));
  const isConnected = member.info.upTime > 0 || member.answer?.kind !== "failed";
  const what = `${titleOf(member)} is in RECOVERY: it fills an emptied disk again from another member.`;
  if (isConnected) {
    return finding(
      "notice",
      subjectOf(member),
      what,
      report === undefined ? "" : `It says: ${recoveryLine(report)}.`,
      `Wait${report === undefined ? "; its log tells how far it is" : ""}. It becomes ACTIVE by itself.`,
    );
  }
  const beat = member.info.stat.lastHeartBeatTime;
  return finding(
    "problem",
    subjectOf(member),
    what,
    `It does not run: ${beat === 0 ? "no heartbeat has arrived" : `its last heartbeat came ${moment(beat, facts.now)}`}.`,
    "Start it; the recovery goes on where it stopped.",
  );
}

function gone(member: Member, why: string): Finding {
  const what = `${titleOf(member)} ${why}.`;
  const isBack = member.answer !== null && member.answer.kind !== "failed";
  if (!isBack) return finding("ok", subjectOf(member), what);
  return finding(
    "notice",
    subjectOf(member),
    what,
    "A server runs there, all the same.",
    "If it shall be a member again restart it: it joins as a new one and is filled. Else stop it.",
  );
}

/** OFFLINE at one tracker and ACTIVE at another: it reports to each on its own connection. */
function disagreementOf(member: Member, now: number): Finding | null {
  const words = member.statusAt.map(({ info }) => (info === null ? "unknown" : storageStatusName(info.status)));
  if (new Set(words).size < 2) return null;
  const isSettling = member.statusAt.some(({ info }) => info !== null && now - info.upTime < SETTLING_SECONDS);
  const views = member.statusAt.map(({ tracker }, index) => `${words[index]} at ${tracker}`);
  return finding(
    isSettling ? "notice" : "problem",
    subjectOf(member),
    `The trackers see ${member.name} differently: ${listing(views)}.`,
    "A storage reports to each tracker on a connection of its own: one of these is cut, one tracker has just started, or tracker_server in its storage.conf does not list all trackers.",
    "Ask again after 30 seconds; if it stays so compare tracker_server in its storage.conf, and the network from it to the tracker that does not see it.",
  );
}
