// The quarantine of inherited free space while it lasts: asks the other storages and the leading tracker, and ends it when
// quarantine.ts finds that nobody has anything to deliver any more.

import type { ServerAddress } from "../../../../conf/index.ts";
import type { Logger } from "../../../observe/logger.ts";
import { decodeResponse } from "../../../wire/command.ts";
import { type ReplicationReport, replicationStatus } from "../../../wire/own-commands.ts";
import { Status } from "../../../wire/status.ts";
import { StorageStatus } from "../../../wire/storage-status.ts";
import type { StorageInfo } from "../../../wire/tracker-list.ts";
import type { LinkOptions } from "../../control/dial.ts";
import { messageOf } from "../../control/discovery.ts";
import type { Member, Membership } from "../../control/membership.ts";
import { pause, unlessAborted } from "../../control/pause.ts";
import { isBefore, type Position } from "../../replication/mark.ts";
import { PeerLink } from "../../replication/peer-link.ts";
import type { Scoreboard } from "../../scoreboard/scoreboard.ts";
import { carveUsed, type PutRight } from "../carve-used.ts";
import type { SharedTrunkSpace } from "../shared-space.ts";
import { SlotFiles } from "../slot-files.ts";
import { trunkFilePath } from "../trunk-file.ts";
import { type PeerFacts, quarantinedBy } from "./quarantine.ts";

const LOOK_MS = 2000;
const RETRY_MS = 60_000;
/** After so many heartbeats a trunk server has heard of its successor, or rests because its leader is silent. */
const FENCE_BEATS = 2;
const FENCE_MORE_SECONDS = 2;
const REMIND_MS = 300_000;
/** Blocks that become available under one hold of the allocator's lock. */
const SLICE = 10_000;
const { ACTIVE, DELETED, IP_CHANGED, NONE } = StorageStatus;

export interface InheritanceHelp {
  readonly ownId: string;
  readonly storePaths: readonly string[];
  readonly space: SharedTrunkSpace;
  readonly membership: Membership;
  readonly scoreboard: Scoreboard;
  readonly linkOptions: LinkOptions;
  readonly heartBeatSeconds: number;
  readonly log: Logger;
  addressOf(member: Member): ServerAddress;
  /** The group's storages as the leading tracker knows them; rejects when it does not tell. */
  storages(): Promise<readonly StorageInfo[]>;
}

export class Inheritance {
  readonly #help: InheritanceHelp;
  readonly #activeSince = new Map<string, number>();
  /** Where each binlog ended when all were there: what came later cannot lie in inherited space. */
  readonly #ends = new Map<string, Position>();
  readonly #since = Math.floor(Date.now() / 1000);
  #waitingFor: readonly string[] = [];
  #isLooking = false;
  /** All others have said themselves that they have delivered everything. */
  #isCertain = false;
  #remindedMs = 0;

  constructor(help: InheritanceHelp) {
    this.#help = help;
  }

  /** Why inherited space rests; "" = it does not. */
  get reason(): string {
    if (this.#isLooking) return "inherited space rests until the trunk files have been looked through";
    if (this.#waitingFor.length === 0) return "";
    return `inherited space rests until ${this.#waitingFor.join(", ")} has delivered everything`;
  }

  /** Resolves with true when the quarantine has ended, false when the signal was aborted before. */
  async end(signal: AbortSignal): Promise<boolean> {
    const { space, log } = this.#help;
    for (;;) {
      try {
        this.#waitingFor = await unlessAborted(this.#look(), signal);
      } catch (error) {
        if (signal.aborted) return false;
        log.error(`Cannot find out what the other storages have delivered: ${messageOf(error)}`);
        this.#waitingFor = ["somebody"];
      }
      if (this.#waitingFor.length === 0) break;
      this.#remind();
      await pause(LOOK_MS, signal);
      if (signal.aborted) return false;
    }
    this.#isLooking = true;
    const putRight = await this.#walk(signal);
    this.#isLooking = false;
    if (putRight === null) return false;
    while (space.exclusively((map) => map.endQuarantine(SLICE)) > 0) {
      await pause(0, signal);
      if (signal.aborted) return false;
    }
    log.notice(
      "All other storages have delivered what they had: inherited space inside trunk files is used from now on",
      { takenOut: putRight.carved, foundFree: putRight.found },
    );
    return true;
  }

  /**
   * The last lines of an earlier trunk server may never have come here: what they would have said is on the disk. Null when the
   * signal was aborted before. A C storage does not tell for certain that it has delivered everything: what looks free may be
   * the place of one of its files then.
   */
  async #walk(signal: AbortSignal): Promise<PutRight | null> {
    const { scoreboard, storePaths } = this.#help;
    const slots = this.#isCertain ? new SlotFiles(scoreboard, storePaths) : null;
    try {
      return await this.#walkWith(slots, signal);
    } finally {
      slots?.close();
    }
  }

  async #walkWith(slots: SlotFiles | null, signal: AbortSignal): Promise<PutRight | null> {
    const { space, storePaths, log } = this.#help;
    for (;;) {
      try {
        return await carveUsed({
          ...{ space, slots },
          pathOf: (place) => trunkFilePath(storePaths[place.storePathIndex]!, place),
          pause: async () => {
            await pause(0, signal);
            signal.throwIfAborted();
          },
        });
      } catch (error) {
        if (signal.aborted) return null;
        log.error(`Cannot look through inherited trunk files: ${messageOf(error)}; their space rests`);
      }
      await pause(RETRY_MS, signal);
      if (signal.aborted) return null;
    }
  }

  async #look(): Promise<string[]> {
    const { membership, ownId, heartBeatSeconds } = this.#help;
    const members = membership.members.filter(
      ({ id, status }) => id !== ownId && status !== DELETED && status !== IP_CHANGED && status !== NONE,
    );
    const now = Math.floor(Date.now() / 1000);
    for (const { id, status } of members) {
      if (status !== ACTIVE) this.#activeSince.delete(id);
      else if (!this.#activeSince.has(id)) this.#activeSince.set(id, now);
    }
    // Until then the one before may not have heard that it lost the role.
    if (now - this.#since <= FENCE_BEATS * heartBeatSeconds + FENCE_MORE_SECONDS) return members.map(({ id }) => id);
    const known = members.map((member) => this.#factsWithoutAnswers(member));
    // Nobody is asked before it can matter.
    const early = quarantinedBy(
      known.map((facts) => ({ ...facts, hasDelivered: true })),
      now,
      heartBeatSeconds,
    );
    if (early.length > 0) {
      this.#ends.clear();
      return early;
    }
    return quarantinedBy(await this.#withAnswers(members, known), now, heartBeatSeconds);
  }

  #factsWithoutAnswers({ id, status }: Member): PeerFacts {
    return {
      id,
      isActive: status === ACTIVE,
      activeSince: this.#activeSince.get(id) ?? 0,
      hasDelivered: null,
      lastSourceUpdate: null,
      receivedUntil: this.#help.scoreboard.receivedFrom(id),
    };
  }

  async #withAnswers(members: readonly Member[], known: readonly PeerFacts[]): Promise<PeerFacts[]> {
    const delivered = await Promise.all(members.map((member) => this.#hasDelivered(member)));
    this.#isCertain = delivered.every((answer) => answer === true);
    const infos = delivered.includes(null) ? await this.#help.storages().catch(() => []) : [];
    return known.map((facts, at) => ({
      ...facts,
      hasDelivered: delivered[at]!,
      lastSourceUpdate: infos.find(({ id }) => id === facts.id)?.stat.lastSourceUpdate ?? null,
    }));
  }

  /** Null: it does not tell. One that cannot be asked has not delivered. */
  async #hasDelivered(member: Member): Promise<boolean | null> {
    const { ownId, linkOptions, addressOf } = this.#help;
    let link: PeerLink | undefined;
    try {
      link = await PeerLink.open(addressOf(member), ownId, linkOptions);
      const { status, body } = await link.request(replicationStatus, {});
      if (status !== Status.OK) return null;
      const report = JSON.parse(decodeResponse(replicationStatus, body).json) as ReplicationReport;
      const toward = report.peers.find(({ id }) => id === ownId);
      if (toward === undefined) return false;
      const end = this.#ends.get(member.id) ?? { index: report.binlogIndex, offset: report.binlogSize };
      this.#ends.set(member.id, end);
      return !isBefore({ index: toward.binlogIndex, offset: toward.binlogOffset }, end);
    } catch {
      return false;
    } finally {
      link?.close();
    }
  }

  #remind(): void {
    if (Date.now() - this.#remindedMs < REMIND_MS) return;
    this.#remindedMs = Date.now();
    this.#help.log.notice(
      `Inherited space inside trunk files rests until storage ${this.#waitingFor.join(", ")} has delivered everything; new trunk files are used meanwhile. One that never comes back has to be deleted from the group`,
    );
  }
}
