// What this storage knows of its group and trackers, as a pure state machine: answers of trackers in, things to tell them
// out (tracker.md §4.14, storage.md §7.4). Time and connections are elsewhere.

import { StorageStatus } from "../../wire/storage-status.ts";
import { ChangeFlag, type ReportAnswer, type StorageBrief } from "../../wire/tracker-report.ts";

const { INIT, WAIT_SYNC, SYNCING, IP_CHANGED, DELETED, OFFLINE, ONLINE, ACTIVE, NONE } = StorageStatus;

export interface Leader {
  readonly ipAddress: string;
  readonly port: number;
}

/** What an answer asks this storage to do. */
export interface Consequences {
  /** Members whose status this storage knows better: to be told with REPLICA_CHG. */
  readonly differences: StorageBrief[];
  /** This storage's own status was set back: it must join again. */
  readonly mustRejoin: boolean;
  /** A leader was named: null for "none". Absent when nothing was said. */
  readonly leader?: Leader | null;
  /** The group's trunk server; null for "none". Absent when nothing was said. */
  readonly trunkServer?: StorageBrief | null;
}

export class Membership {
  readonly myId: string;
  readonly #members = new Map<string, StorageBrief>();
  /** This storage's status as each tracker sees it; -1 until it has joined there. */
  readonly #myStatusAt: number[];
  leader: Leader | null = null;

  constructor(myId: string, trackerCount: number) {
    this.myId = myId;
    this.#myStatusAt = Array.from({ length: trackerCount }, () => -1);
  }

  /** All known members by id. */
  get members(): StorageBrief[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Own status, or undefined while no tracker has named this storage. */
  get myStatus(): number | undefined {
    return this.#members.get(this.myId)?.status;
  }

  /** The status byte of a JOIN: what is known, 0 for unknown, -1 for unknown while another tracker has not answered yet. */
  get statusForJoin(): number {
    const known = this.myStatus;
    if (known !== undefined) return known;
    const isWaiting = this.#myStatusAt.length > 1 && this.#myStatusAt.some((status) => status < 0);
    return isWaiting ? -1 : INIT;
  }

  joined(tracker: number, myStatus: number): void {
    this.#myStatusAt[tracker] = myStatus;
  }

  statusAt(tracker: number): number {
    return this.#myStatusAt[tracker] ?? -1;
  }

  /** The status to correct at `tracker` so that it agrees with the leader; null when they agree (tracker.md §4.11). */
  correctionFor(tracker: number, leaderTracker: number): number | null {
    const mine = this.statusAt(tracker);
    const leading = this.statusAt(leaderTracker);
    if (tracker === leaderTracker || mine < 0 || leading < 0 || mine === leading) return null;
    return isAvailable(mine) && isAvailable(leading) ? null : leading;
  }

  /** Takes in the answer of a beat, disk or sync report. `isFromLeader` guards the trunk server's change. */
  apply(tracker: number, answer: ReportAnswer, isFromLeader: boolean): Consequences {
    const briefs = [...answer.briefs];
    const consequences: { -readonly [K in keyof Consequences]: Consequences[K] } = {
      differences: [],
      mustRejoin: false,
    };
    if ((answer.flags & ChangeFlag.LEADER) !== 0) {
      const brief = briefs.shift();
      consequences.leader =
        brief === undefined || brief.ipAddress === "" ? null : { ipAddress: brief.ipAddress, port: brief.port };
    }
    if ((answer.flags & ChangeFlag.TRUNK_SERVER) !== 0) {
      const brief = briefs.shift();
      if (isFromLeader) consequences.trunkServer = brief === undefined || brief.id === "" ? null : brief;
    }
    if ((answer.flags & ChangeFlag.GROUP) !== 0) {
      const { differences, mustRejoin } = this.#merge(tracker, briefs);
      consequences.differences.push(...differences);
      consequences.mustRejoin = mustRejoin;
    }
    return consequences;
  }

  #merge(tracker: number, briefs: readonly StorageBrief[]): { differences: StorageBrief[]; mustRejoin: boolean } {
    const differences: StorageBrief[] = [];
    let mustRejoin = false;
    for (const brief of briefs) {
      if (brief.id === this.myId) this.#myStatusAt[tracker] = brief.status;
      const mine = this.#members.get(brief.id);
      if (mine === undefined) {
        if (brief.status !== DELETED && brief.status !== IP_CHANGED) this.#members.set(brief.id, { ...brief });
        continue;
      }
      const verdict = judge(mine.status, brief.status);
      mine.port = brief.port;
      mine.ipAddress = brief.ipAddress;
      if (verdict === "differs") {
        differences.push({ ...mine });
        if (brief.id === this.myId) mustRejoin = true;
      } else if (verdict !== "keep") {
        mine.status = verdict;
      }
    }
    const named = new Set(briefs.map((brief) => brief.id));
    for (const member of this.#members.values()) if (!named.has(member.id)) differences.push({ ...member });
    return { differences, mustRejoin };
  }
}

function isAvailable(status: number): boolean {
  return status === OFFLINE || status === ONLINE || status === ACTIVE;
}

/** What becomes of a status when a tracker names another: the new one, the old one, or a difference to report. */
function judge(mine: number, theirs: number): number | "keep" | "differs" {
  if (mine === theirs) return "keep";
  if (theirs === OFFLINE) {
    if (mine === ACTIVE || mine === ONLINE) return OFFLINE;
    return mine === NONE || mine === INIT ? "keep" : "differs";
  }
  if (mine === OFFLINE) return theirs;
  if (mine === NONE) return theirs === DELETED || theirs === IP_CHANGED ? "keep" : theirs;
  if ((theirs === WAIT_SYNC || theirs === SYNCING) && mine > theirs) return "differs";
  return theirs;
}
