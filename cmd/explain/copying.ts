// What one storage owes another: from the source's own report, or for a C server from the times the trackers keep. Pure.

import type { PeerReport } from "../../core/wire/own-commands.ts";
import { StorageStatus, storageStatusName } from "../../core/wire/storage-status.ts";
import { type Finding, finding } from "./finding.ts";
import { debtOf, isActive, type Member, type Picture, paceKey, peersOf } from "./picture.ts";
import { begun, bytes, duration, ended, listing, moment, plural } from "./words.ts";

/** Behind by more, it is worth a word. */
const NOTICE_SECONDS = 10;
/** Behind by more, somebody should look. */
const PROBLEM_SECONDS = 600;

/** Their own finding says what they wait for. */
const NEW: readonly number[] = [StorageStatus.INIT, StorageStatus.WAIT_SYNC, StorageStatus.SYNCING];

/** What `from` owes each of its peers. A server that is down or new is explained by its status, not here. */
export function copyingFindings(from: Member, members: readonly Member[], picture: Picture): Finding[] {
  if (from.answer?.kind !== "report") return [];
  return peersOf(from, members).flatMap((to) => {
    const debt = debtOf(from, to);
    return debt === null
      ? unheardOf(from, to)
      : [...asideFindings(from, to, debt), debtFinding(from, to, debt, picture)];
  });
}

const subjectOf = (from: Member, to: Member): string => `storage ${from.name} to ${to.name}`;

function unheardOf(from: Member, to: Member): Finding[] {
  if (!isActive(to) || !isActive(from)) return [];
  return [
    finding(
      "notice",
      subjectOf(from, to),
      `${from.name} copies nothing to ${to.name}: it does not know of it.`,
      "The tracker tells the members of a group with the answer to a heartbeat; one of the two has just joined.",
      "Ask again after 30 seconds; if it stays so see whether both list the same trackers.",
    ),
  ];
}

/** Also what the server owes, with words for the end of a sentence: "4.0 KB (3 minutes) behind". */
export function behindText({ behindBytes, behindSeconds }: PeerReport): string {
  const age = behindSeconds > 0 ? `, the oldest change ${duration(behindSeconds)} old` : "";
  return `${bytes(behindBytes)} of the binlog${age}`;
}

function debtFinding(from: Member, to: Member, debt: PeerReport, picture: Picture): Finding {
  const subject = subjectOf(from, to);
  const { now, paces } = picture.facts;
  if (debt.behindBytes === 0 && debt.behindSeconds === 0 && debt.state !== "connecting") {
    return finding("ok", subject, `${to.name} has everything that ${from.name} wrote${lagText(debt)}.`);
  }
  const owes = `${from.name} owes ${to.name} ${behindText(debt)}`;
  if (NEW.includes(to.info.status)) {
    const doing = debt.isFilling ? "hands the old files over to it" : "is not its source";
    return finding("ok", subject, `${to.name} is new (${storageStatusName(to.info.status)}); ${from.name} ${doing}.`);
  }
  if (!isActive(to)) {
    const held = `${owes}; it waits because that one is ${storageStatusName(to.info.status)}.`;
    return finding("notice", subject, held, "", `It goes on by itself when ${to.name} is back.`);
  }
  if (debt.state === "connecting") {
    const since = debt.lastErrorTime > 0 ? `Last tried ${moment(debt.lastErrorTime, now)}: ` : "";
    return finding(
      "problem",
      subject,
      `${from.name} cannot reach ${to.name} and owes it ${behindText(debt)}.`,
      begun(ended(since + (debt.reason || debt.lastError || "it does not answer"))),
      `Check the network and firewalls from ${from.name} to ${to.info.ipAddress} port ${to.info.storagePort}. Nothing is lost: it goes on where it stopped.`,
    );
  }
  if (debt.state === "waiting") {
    const why = debt.reason === "" ? "" : `${from.name} says of copying to ${to.name}: ${ended(debt.reason)}`;
    return finding(severityOf(debt), subject, `${owes}; it waits.`, why, "It goes on by itself when that has passed.");
  }
  const pace = paces.get(paceKey(from.groupName, from.info.id, to.info.id));
  const rate =
    pace === undefined
      ? ""
      : ` It copies ${plural(Math.round(pace.records), "record")} and ${bytes(pace.contentBytes)} a second now.`;
  const trouble =
    debt.lastError === "" ? "" : ` Last failure ${moment(debt.lastErrorTime, now)}: ${ended(debt.lastError)}`;
  return finding(
    severityOf(debt),
    subject,
    `${owes}.`,
    `Copying is under way.${rate}${trouble}`,
    severityOf(debt) === "problem"
      ? "See whether disk or network of either is at its limit; sync_max_threads gives more lanes."
      : "",
  );
}

function severityOf({ behindSeconds }: PeerReport): Finding["severity"] {
  if (behindSeconds > PROBLEM_SECONDS) return "problem";
  return behindSeconds > NOTICE_SECONDS ? "notice" : "ok";
}

function lagText({ lagP50Ms, lagP99Ms }: PeerReport): string {
  return lagP50Ms === null || lagP99Ms === null ? "" : ` (lag p50 ${lagP50Ms} ms, p99 ${lagP99Ms} ms)`;
}

function asideFindings(from: Member, to: Member, { setAsideRecords, setAsideFile }: PeerReport): Finding[] {
  if (setAsideRecords === 0) return [];
  return [
    finding(
      "problem",
      subjectOf(from, to),
      `${from.name} has set ${plural(setAsideRecords, "record")} aside that ${to.name} did not take.`,
      `They and the reason of each stand in ${setAsideFile} on ${from.name}; these files differ between the two.`,
      "Look up each file with fdfs explain FILE_ID, cure the cause, copy the file over, then move the list away and restart the storage.",
    ),
  ];
}

/** A group with servers that do not tell their position: how far each has received what they wrote. */
export function trackerTimesFindings(members: readonly Member[], picture: Picture): Finding[] {
  const active = members.filter(isActive);
  return active.flatMap((member) => {
    const others = active.filter((other) => other !== member);
    const mute = others.filter(({ answer }) => answer?.kind === "silent");
    return mute.length === 0 ? [] : [delayFinding(member, mute, delaySeconds(member, others), picture)];
  });
}

/**
 * Seconds that a server is certainly behind: the tracker keeps one timestamp for all sources, the oldest of theirs, so it
 * is compared with the source that wrote longest ago. Null: it has received nothing yet.
 */
function delaySeconds({ info }: Member, others: readonly Member[]): number | null {
  const written = others.map((other) => other.info.stat.lastSourceUpdate).filter((time) => time > 0);
  if (written.length === 0) return 0;
  if (info.stat.lastSyncedTimestamp === 0) return null;
  return Math.max(0, Math.min(...written) - info.stat.lastSyncedTimestamp);
}

function delayFinding(member: Member, from: readonly Member[], delay: number | null, picture: Picture): Finding {
  const subject = `storage ${member.name}`;
  const names = listing(from.map(({ name }) => name));
  const mute =
    from.length === 1
      ? `${names} is a C server: it does not tell its position`
      : `${names} are C servers: they do not tell their position`;
  const synced = member.info.stat.lastSyncedTimestamp;
  const { now } = picture.facts;
  if (delay === 0) {
    const has =
      synced === 0
        ? `Nothing had to be copied from ${names} to ${member.name} yet`
        : `${member.name} has what ${names} wrote until ${moment(synced, now)}`;
    return finding("ok", subject, `${has}, as the tracker knows (a C server does not tell its position itself).`);
  }
  const severity = delay === null || delay > PROBLEM_SECONDS ? "problem" : delay > NOTICE_SECONDS ? "notice" : "ok";
  const what =
    delay === null
      ? `${member.name} has received nothing yet of what ${names} wrote, as the tracker knows.`
      : `${member.name} is ${duration(delay)} behind what ${names} wrote, as the tracker knows.`;
  return finding(
    severity,
    subject,
    what,
    `${mute}; last synced timestamp ${synced === 0 ? "none" : moment(synced, now)}.`,
    `See the log of ${names} for failures to reach ${member.name}; the position stands in its data/sync/*.mark.`,
  );
}
