// Why one server does not have a file, or not its newest state, while another has: not copied yet, held up, or lost. What
// the servers say of their copying decides; for C servers the times the trackers keep. Pure.

import type { PeerReport } from "../../core/wire/own-commands.ts";
import { StorageStatus, storageStatusName } from "../../core/wire/storage-status.ts";
import { behindText } from "./copying.ts";
import { type FileFacts, sourceOf } from "./file-facts.ts";
import { type Finding, finding } from "./finding.ts";
import { debtOf, type Member, type Picture, peersOf } from "./picture.ts";
import { begun, ended, moment } from "./words.ts";

/** A change younger than this may be missing from a storage's report of its copying. */
const FRESH_SECONDS = 3;

/** `holder` has the file as it should be, changed at `modifiedAt` (Unix seconds); `member` has not. */
export function absenceFinding(
  member: Member,
  holder: Member,
  modifiedAt: number,
  file: FileFacts,
  picture: Picture,
): Finding {
  const subject = `storage ${member.name}`;
  const what = `${member.name} does not have it.`;
  const { info } = member;
  if (
    info.status === StorageStatus.INIT ||
    info.status === StorageStatus.WAIT_SYNC ||
    info.status === StorageStatus.SYNCING
  ) {
    return finding(
      "notice",
      subject,
      what,
      `It is ${storageStatusName(info.status)}: it is new and gets the old files first; the tracker sends no readers to it.`,
      `See fdfs explain ${info.ipAddress}.`,
    );
  }
  const members = file.replicas.map((replica) => replica.member);
  const owed = owedBy(member, members);
  if (owed !== null) return notYet(subject, what, member, owed.from, owed.debt);
  if (picture.facts.now - Math.max(modifiedAt, file.decoded.createdAt) < FRESH_SECONDS) {
    return finding(
      "notice",
      subject,
      what,
      `It was written on ${holder.name} just now.`,
      "Copying should bring it; ask again.",
    );
  }
  if (sourceOf(file.decoded, [member]) !== null) return lostAtSource(subject, what, member, holder, file);
  const writer = sourceOf(file.decoded, members) ?? holder;
  if (writer.answer?.kind === "silent") return byTrackerTimes(subject, what, member, writer, file, picture);
  if (writer.answer?.kind === "failed") {
    return finding(
      "notice",
      subject,
      what,
      `${writer.name}, which copies it, cannot be asked (${ended(writer.answer.reason).slice(0, -1)}): probably it has not come to it yet.`,
      `Bring ${writer.name} back; copying goes on by itself. Until then readers are served by ${holder.name}.`,
    );
  }
  const debt = debtOf(writer, member);
  if (debt === null) {
    return finding(
      "notice",
      subject,
      what,
      `${writer.name} does not know of ${member.name} yet; the tracker tells it with the answer to its next heartbeat.`,
      "Ask again after 30 seconds.",
    );
  }
  if (debt.setAsideRecords > 0) {
    return finding(
      "problem",
      subject,
      what,
      `${writer.name} could not copy everything to it: records that were set aside stand in ${debt.setAsideFile} on ${writer.name}, with the reason of each.`,
      `Search it for ${file.decoded.truePath}. ${restore(holder, file)}`,
    );
  }
  return finding(
    "problem",
    subject,
    what,
    `${writer.name} says that ${member.name} has everything it wrote, so copying will not bring it: the copy was removed or damaged on ${member.name} itself.`,
    restore(holder, file),
  );
}

/** The member with something left to copy to this one: the longest overdue. */
function owedBy(member: Member, members: readonly Member[]): { from: Member; debt: PeerReport } | null {
  const owed = peersOf(member, members).flatMap((from) => {
    const debt = debtOf(from, member);
    return debt !== null && debt.behindBytes > 0 ? [{ from, debt }] : [];
  });
  return owed.toSorted((one, other) => other.debt.behindSeconds - one.debt.behindSeconds)[0] ?? null;
}

function notYet(subject: string, what: string, member: Member, from: Member, debt: PeerReport): Finding {
  const behind = `Not copied yet: ${from.name} still owes it ${behindText(debt)}`;
  if (debt.state === "connecting" && member.info.status === StorageStatus.ACTIVE) {
    return finding(
      "problem",
      subject,
      what,
      `${behind}, and cannot reach it. ${begun(ended(debt.reason || debt.lastError || "it does not answer"))}`,
      `Check the network and firewalls from ${from.name} to ${member.info.ipAddress} port ${member.info.storagePort}; copying goes on by itself.`,
    );
  }
  const waits = debt.state === "waiting" && debt.reason !== "" ? ` ${from.name} says: ${ended(debt.reason)}` : "";
  return finding("notice", subject, what, `${behind}.${waits}`, "Copying will bring it; ask again.");
}

/** The creator lacks the file while another has it: a deletion on its way, or a loss. */
function lostAtSource(subject: string, what: string, member: Member, holder: Member, file: FileFacts): Finding {
  const debt = debtOf(member, holder);
  const binlog = `The binlog on ${member.name} (data/sync/binlog.*) has a line "D" for ${file.decoded.truePath} if it was deleted`;
  if (debt !== null && debt.behindBytes > 0) {
    return finding(
      "notice",
      subject,
      what,
      `It is the source of the file and still owes ${holder.name} ${behindText(debt)}: probably the file was deleted and ${holder.name} has not been told yet.`,
      `Ask again. ${binlog}.`,
    );
  }
  const owes =
    debt === null ? "It is the source of the file" : `It is the source of the file and owes ${holder.name} nothing`;
  return finding(
    "problem",
    subject,
    what,
    `${owes}: either the file was deleted there and ${holder.name} has not carried it out, or it was lost on ${member.name}.`,
    `${binlog}: then delete it again (fdfs delete). Else: ${restore(holder, file)}`,
  );
}

function byTrackerTimes(
  subject: string,
  what: string,
  member: Member,
  writer: Member,
  file: FileFacts,
  picture: Picture,
): Finding {
  const synced = member.info.stat.lastSyncedTimestamp;
  const mute = `${writer.name} is a C server: it does not tell its position`;
  const { now } = picture.facts;
  if (synced <= file.decoded.createdAt) {
    const until = synced === 0 ? "nothing has come from it yet" : `changes until ${moment(synced, now)} have come`;
    return finding(
      "notice",
      subject,
      what,
      `${mute}; the tracker says that ${until}, and the file was created ${moment(file.decoded.createdAt, now)}.`,
      `Copying should bring it. If it does not, see the log of ${writer.name} for failures to reach ${member.name}.`,
    );
  }
  return finding(
    "problem",
    subject,
    what,
    `${mute}; the tracker says that changes until ${moment(synced, now)} have come, and the file is older: the copy was removed or damaged on ${member.name} itself, or was never made.`,
    restore(writer, file),
  );
}

/** How a copy is put back by hand. */
function restore(holder: Member, { decoded }: FileFacts): string {
  if (decoded.trunk !== null)
    return `Download it from ${holder.name} and upload it again under a new ID; it lies in a trunk file and cannot be put back by itself.`;
  return `Copy data/${decoded.truePath} in store path ${decoded.storePathIndex} from ${holder.name} to the same place, keeping its time (cp -p, rsync -t).`;
}
