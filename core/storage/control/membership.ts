// What a storage believes about its group: members with their statuses, its own status at each tracker, the leading
// tracker, the trunk server. A pure state machine (tracker.md §4.14): answers go in, what to do comes out. It asks nobody
// and knows no clock.

import { MAX_STORAGES_PER_GROUP } from "../../wire/limits.ts";
import { StorageStatus } from "../../wire/storage-status.ts";
import type { StorageBrief } from "../../wire/tracker-report.ts";

export type Member = Readonly<StorageBrief>;

/** What a member list of a tracker leads to. */
export interface MergeOutcome {
  /** Briefs to send back with REPLICA_CHG: where we know better than the tracker. Empty = send nothing. */
  readonly differences: readonly StorageBrief[];
  /** The tracker has lost sight of us: join it again. */
  readonly needsRejoin: boolean;
  /** Members that have no room: a group has at most 32. */
  readonly refused: readonly Member[];
}

/** What an announced leader leads to. `ask` = another one was known: ask it whether it still claims to lead. */
export type LeaderOutcome =
  | { readonly kind: "ignored" | "unchanged" | "adopted" | "lost" }
  | { readonly kind: "ask"; readonly old: number };

const { OFFLINE, ONLINE, ACTIVE, WAIT_SYNC, SYNCING, IP_CHANGED, DELETED, INIT, NONE } = StorageStatus;

const isGone = (status: number): boolean => status === DELETED || status === IP_CHANGED;
/** Three statuses between which the tracker moves a storage by itself. */
const isAvailable = (status: number): boolean => status === OFFLINE || status === ONLINE || status === ACTIVE;

export class Membership {
  readonly ownId: string;
  readonly #members = new Map<string, StorageBrief>();
  /** Own status by tracker; null = not joined yet. */
  readonly #ownStatus: (number | null)[];
  readonly #hasAnswered: boolean[];
  #leader: number | null = null;
  #trunkServer: Member | null = null;
  #trunkAnnouncements = 0;
  /** The word of a tracker that was not known to lead when it said it. Trackers do not repeat themselves. */
  readonly #unheardWords = new Map<number, Member | null>();

  constructor(ownId: string, trackerCount: number) {
    this.ownId = ownId;
    this.#ownStatus = new Array<null>(trackerCount).fill(null);
    this.#hasAnswered = new Array<boolean>(trackerCount).fill(false);
  }

  /** Members sorted by id, also those that are gone. */
  get members(): Member[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  }

  /** Index of the leading tracker in the settings' list, null while none is known. */
  get leader(): number | null {
    return this.#leader;
  }

  get trunkServer(): Member | null {
    return this.#trunkServer;
  }

  /** Counts what the leading tracker announced. */
  get trunkAnnouncements(): number {
    return this.#trunkAnnouncements;
  }

  /** The only tracker is taken for the leader, whatever address it calls itself by. */
  isLeader(tracker: number): boolean {
    return tracker === this.#leader || this.#ownStatus.length === 1;
  }

  find(id: string): Member | undefined {
    return this.#members.get(id);
  }

  statusOf(id: string): number | null {
    return this.#members.get(id)?.status ?? null;
  }

  /** Own status as this tracker sees it, null before the join. */
  ownStatusAt(tracker: number): number | null {
    return this.#ownStatus[tracker] ?? null;
  }

  /** The status byte of a JOIN: the last known own status; 0, or -1 while some tracker has not answered a join yet. */
  joinStatus(): number {
    const own = this.statusOf(this.ownId);
    if (own !== null) return own;
    const isAlone = this.#hasAnswered.length <= 1;
    return isAlone || this.#hasAnswered.every((answered) => answered) ? INIT : -1;
  }

  /** A tracker answered a JOIN; `status` null = it refused. */
  joined(tracker: number, status: number | null): void {
    this.#hasAnswered[tracker] = true;
    this.#unheardWords.delete(tracker);
    if (status !== null) this.#ownStatus[tracker] = status;
  }

  /** Takes a tracker's member list over, as far as the tracker knows better. */
  merge(tracker: number, briefs: readonly StorageBrief[]): MergeOutcome {
    const differences: StorageBrief[] = [];
    const refused: Member[] = [];
    let needsRejoin = false;
    const listed = new Set<string>();
    for (const brief of briefs) {
      listed.add(brief.id);
      if (brief.id === this.ownId) this.#ownStatus[tracker] = brief.status;
      const mine = this.#members.get(brief.id);
      if (mine === undefined) {
        if (isGone(brief.status)) continue;
        if (this.#members.size >= MAX_STORAGES_PER_GROUP) {
          refused.push(brief);
          continue;
        }
        this.#members.set(brief.id, { ...brief });
        continue;
      }
      mine.ipAddress = brief.ipAddress;
      mine.port = brief.port;
      const verdict = this.#verdict(tracker, mine, brief);
      if (verdict === "take") mine.status = brief.status;
      if (verdict === "report" || verdict === "report-lower") differences.push({ ...mine });
      if (verdict === "report-lower" && brief.id === this.ownId) needsRejoin = true;
    }
    // A list that does not name everybody we know: the tracker hears of the missing ones.
    for (const mine of this.members) {
      if (!listed.has(mine.id) && mine.status !== NONE) differences.push({ ...mine });
    }
    return { differences: differences.slice(0, MAX_STORAGES_PER_GROUP), needsRejoin, refused };
  }

  /**
   * The leading tracker knows best that another storage starts anew; told to C's leader, our contradiction would be ignored
   * and that storage would wait for ever.
   */
  #verdict(tracker: number, mine: Member, brief: StorageBrief): ReturnType<typeof mergeStatus> {
    const verdict = mergeStatus(mine.status, brief.status);
    return verdict === "report-lower" && this.isLeader(tracker) && brief.id !== this.ownId ? "take" : verdict;
  }

  /** A status that replication found out by itself (SYNCING, OFFLINE of a peer that is being filled). */
  setStatus(id: string, status: number): void {
    const member = this.#members.get(id);
    if (member !== undefined) member.status = status;
  }

  /** A tracker announced the leader; `index` in our list, null = it knows none, undefined = one that we do not list. */
  leaderAnnounced(index: number | null | undefined): LeaderOutcome {
    if (index === undefined) return { kind: "ignored" };
    if (index === null) {
      this.#leader = null;
      return { kind: "lost" };
    }
    if (index === this.#leader) return { kind: "unchanged" };
    if (this.#leader !== null) return { kind: "ask", old: this.#leader };
    this.#lead(index);
    return { kind: "adopted" };
  }

  /** The answer to `ask`: with two leaders there is none until they have elected again (RESELECT to both). */
  leaderChecked(announced: number, oldStillLeads: boolean): void {
    if (oldStillLeads) this.#leader = null;
    else this.#lead(announced);
  }

  /** The trunk server that `tracker` announced; only the leader's word counts. Returns whether it was taken. */
  trunkServerAnnounced(tracker: number, server: Member | null): boolean {
    if (!this.isLeader(tracker)) {
      this.#unheardWords.set(tracker, server);
      return false;
    }
    this.#unheardWords.clear();
    this.#trunkServer = server;
    this.#trunkAnnouncements++;
    return true;
  }

  #lead(tracker: number): void {
    this.#leader = tracker;
    const word = this.#unheardWords.get(tracker);
    if (word !== undefined) this.trunkServerAnnounced(tracker, word);
  }

  /** The status to ask of a tracker with CHANGE_STATUS because the leader sees us differently; null = they agree. */
  statusCorrection(tracker: number): number | null {
    if (this.#leader === null || this.#leader === tracker) return null;
    const own = this.ownStatusAt(tracker);
    const leaders = this.ownStatusAt(this.#leader);
    if (own === null || leaders === null || own === leaders) return null;
    return isAvailable(own) && isAvailable(leaders) ? null : leaders;
  }
}

/** What becomes of a known member: `mine` is the local status, `theirs` the tracker's. */
function mergeStatus(mine: number, theirs: number): "keep" | "take" | "report" | "report-lower" {
  if (mine === theirs) return "keep";
  if (theirs === OFFLINE) {
    if (mine === ACTIVE || mine === ONLINE) return "take";
    return mine === NONE || mine === INIT ? "keep" : "report";
  }
  if (mine === OFFLINE) return "take";
  if (mine === NONE) return isGone(theirs) ? "keep" : "take";
  if ((theirs === WAIT_SYNC || theirs === SYNCING) && mine > theirs) return "report-lower";
  return "take";
}
