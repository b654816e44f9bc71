// Why a new member of a group is not ACTIVE yet: who hands the old files over to it, how far that is, what it waits for
// (tracker.md §4.4, §5). Pure.

import type { PeerReport } from "../../core/wire/own-commands.ts";
import { StorageStatus, storageStatusName } from "../../core/wire/storage-status.ts";
import { type Finding, finding } from "./finding.ts";
import { debtOf, isActive, isTombstone, type Member, type Picture, paceKey, peersOf } from "./picture.ts";
import { begun, bytes, duration, ended, listing, moment, plural } from "./words.ts";

export function newMemberFinding(member: Member, members: readonly Member[], picture: Picture): Finding {
  const say = sayer(member);
  if (member.answer?.kind === "failed") {
    return say(
      "problem",
      "",
      `It does not run or cannot be reached: ${ended(member.answer.reason)}`,
      "Start it (fdfs storage --conf FILE start) or see its log, BASE_PATH/logs/storaged.log.",
    );
  }
  if (member.info.status === StorageStatus.INIT) return withoutSource(member, members);
  const source = members.find(({ info }) => info.id === member.info.syncSourceId);
  if (source === undefined || isTombstone(source.info.status)) {
    const name =
      member.info.syncSourceId === ""
        ? "No source for its old files is known"
        : `Its source ${member.info.syncSourceId} is no longer a member`;
    return say("problem", "", `${name}.`, "Restart it: it asks the tracker for another source.");
  }
  if (!isActive(source)) {
    return say(
      "problem",
      `its old files come from ${source.name}`,
      `${source.name} is ${storageStatusName(source.info.status)}, so nothing is handed over.`,
      `Start ${source.name} (fdfs explain ${source.info.ipAddress} says why it is away); the rest follows by itself.`,
    );
  }
  return fed(member, source, picture);
}

type Say = (severity: Finding["severity"], more: string, why: string, remedy: string) => Finding;

function sayer(member: Member): Say {
  const { info, name, groupName } = member;
  const meaning =
    info.status === StorageStatus.INIT
      ? "INIT: it is new and has no source for the old files yet"
      : info.status === StorageStatus.WAIT_SYNC
        ? "WAIT_SYNC: it is new and waits for the old files"
        : "SYNCING: it is new and gets the old files";
  return (severity, more, why, remedy) => {
    const what = `Storage ${name} of ${groupName} is ${meaning}${more === "" ? "" : `; ${more}`}.`;
    return finding(severity, `storage ${name}`, what, why, remedy);
  };
}

function withoutSource(member: Member, members: readonly Member[]): Finding {
  const say = sayer(member);
  const others = peersOf(member, members);
  if (others.some(isActive)) {
    return say(
      "notice",
      "",
      "It has joined and not asked for a source yet, or none of the ACTIVE servers may be written to (rw in storage_ids.conf): the tracker names only such as a source.",
      "Ask again after 30 seconds; if it stays so see its log.",
    );
  }
  const states = others.map(({ name, info }) => `${name} is ${storageStatusName(info.status)}`);
  return say(
    "problem",
    "",
    `No other server of the group is ACTIVE, and only an ACTIVE one can be the source: ${listing(states)}.`,
    `Start ${listing(others.map(({ name }) => name))}. If they shall never come back, remove them: fdfs delete-storage ${member.groupName} ID.`,
  );
}

/** The source lives: what it says of its work. */
function fed(member: Member, source: Member, picture: Picture): Finding {
  const say = sayer(member);
  const from = `its old files come from ${source.name}`;
  if (source.answer?.kind === "failed") {
    return say(
      "problem",
      from,
      `${source.name} is ACTIVE at the tracker and does not answer here: ${ended(source.answer.reason)}`,
      `See fdfs explain ${source.info.ipAddress}.`,
    );
  }
  if (source.answer?.kind !== "report") {
    return say(
      "notice",
      from,
      `${source.name} is a C server: it does not tell its position. ${received(member, picture.facts.now)}`,
      "Compare the number of files or the used space of both, and see the log of the source.",
    );
  }
  const debt = debtOf(source, member);
  if (debt === null) {
    return say(
      "notice",
      from,
      `${source.name} has not heard of it yet; the tracker tells it with the answer to its next heartbeat.`,
      "Ask again after 30 seconds; if it stays so see whether the source reaches the leading tracker.",
    );
  }
  const pace = picture.facts.paces.get(paceKey(member.groupName, source.info.id, member.info.id));
  const behind = `${source.name} has ${bytes(debt.behindBytes)} of its binlog left to go through (${plural(debt.copiedRecords, "record")}, ${bytes(debt.copiedBytes)} copied so far).`;
  if (debt.state === "connecting") {
    return say(
      "problem",
      from,
      `${source.name} cannot reach it: ${because(debt)} ${behind}`,
      `Check the network and firewalls from ${source.name} to ${member.info.ipAddress} port ${member.info.storagePort}.`,
    );
  }
  if (debt.state === "waiting") {
    return say(
      "notice",
      from,
      `${source.name} waits: ${because(debt)} ${behind}`,
      "It goes on by itself when that has passed.",
    );
  }
  const rate =
    pace === undefined || pace.records <= 0
      ? ""
      : ` Now ${plural(Math.round(pace.records), "record")} and ${bytes(pace.contentBytes)} a second${pace.binlogBytes > 0 ? `: about ${duration(debt.behindBytes / pace.binlogBytes)} left` : ""}.`;
  return say("notice", from, behind + rate, "Wait; it becomes ACTIVE by itself when it has caught up.");
}

const because = ({ reason, lastError }: PeerReport): string =>
  begun(ended(reason || lastError || "it does not say why"));

function received({ info }: Member, now: number): string {
  const { lastSyncUpdate } = info.stat;
  return lastSyncUpdate === 0
    ? "Nothing has been copied to the new server yet, as the tracker knows."
    : `The last file came ${moment(lastSyncUpdate, now)}.`;
}
