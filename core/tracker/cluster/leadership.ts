// The trackers as the storages list them, which of them is this one, who leads (election.ts decides), and what followers
// have told a leader of themselves (tracker.md §2.9, §4.1 step 3, §7.1, §7.4).

import { formatServerAddress } from "../../../conf/index.ts";
import { parseServerAddress, type ServerAddress } from "../../../conf/server-address.ts";
import { DEFAULT_TRACKER_PORT, MAX_TRACKERS } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { Election, type ElectionOptions } from "./election.ts";
import type { ElectionAction, ElectionAnswer, ElectionMessage } from "./election-messages.ts";
import type { LeaderView } from "./reports.ts";
import { addressFor } from "./storage-ids.ts";

/** A tracker of the storages' lists, with what it has said as a follower of this leader. */
export interface TrackerPeer extends ServerAddress {
  /** Its first address and port: what elections call it. */
  readonly name: string;
  version: string;
  /** Unix seconds; 0 until it joins. */
  upTime: number;
  lastPing: number;
  connections: {
    readonly allocCount: number;
    readonly currentCount: number;
    readonly maxCount: number;
  };
}

/** A follower pings every second. */
const PING_LATE_SECONDS = 3;
const NO_CONNECTIONS = { allocCount: 0, currentCount: 0, maxCount: 0 };

const isSame = (a: ServerAddress, b: ServerAddress): boolean =>
  a.port === b.port && a.hosts.some((host) => b.hosts.includes(host));
const isLoopback = (ip: string): boolean => ip.startsWith("127.") || ip === "::1";

export class Leadership {
  readonly #election: Election;
  /** What follows from messages of others; the next tick hands it out. */
  #pending: ElectionAction[] = [];
  /** Addresses this tracker is known to have: what storages dialled, what connections ended at. */
  readonly #ownAddresses = new Set<string>();
  readonly #ports: readonly number[];
  /** Empty until the first JOIN. */
  #trackers: TrackerPeer[] = [];
  #self: TrackerPeer | null = null;

  /** `ports`: those this tracker listens on. */
  constructor(ports: readonly number[], options: ElectionOptions) {
    this.#ports = ports;
    this.#election = new Election(options);
  }

  /** True while this tracker leads. */
  get isLeader(): boolean {
    return this.#election.isLeader;
  }

  get leader(): TrackerPeer | null {
    return this.#election.leader === null ? null : (this.find(this.#election.leader) ?? null);
  }

  get trackers(): readonly TrackerPeer[] {
    return this.#trackers;
  }

  get view(): LeaderView {
    const { leader } = this;
    return {
      leads: this.isLeader,
      changes: this.#election.changes,
      leader: leader === null ? null : { ipAddress: leader.hosts[0]!, port: leader.port },
    };
  }

  /** The tracker of that name. */
  find(name: string): TrackerPeer | undefined {
    return this.#trackers.find((tracker) => tracker.name === name);
  }

  /** Notes addresses of this tracker. */
  learnOwnAddresses(addresses: readonly string[]): void {
    for (const address of addresses) if (address !== "") this.#ownAddresses.add(address);
  }

  /** The trackers of a JOIN's list; throws 22. */
  parseTrackers(lines: string, count: number): ServerAddress[] {
    if (count < 1 || count > MAX_TRACKERS) throw new ProtocolError(`Cannot use a list of ${count} trackers`);
    const list = lines.split("\n").slice(0, -1);
    if (!lines.endsWith("\n") || list.length !== count)
      throw new ProtocolError("Cannot use the list of trackers: a line has no end");
    return list.map((line) => {
      const address = parseServerAddress(line, DEFAULT_TRACKER_PORT);
      if (typeof address === "string") throw new ProtocolError(`Cannot use the list of trackers: ${list.join(" ")}`);
      return address;
    });
  }

  /** Takes in the tracker list of a JOIN; throws 28, or 2 when this tracker is not in it (tracker.md §4.1 step 3). */
  learnTrackers(list: readonly ServerAddress[]): void {
    const fresh = list.filter((address) => !this.#trackers.some((known) => isSame(known, address)));
    if (this.#trackers.length + fresh.length > MAX_TRACKERS)
      throw new ProtocolError("too many trackers", Status.ENOSPC);
    if (![...this.#trackers, ...fresh].some((address) => this.isOwn(address))) {
      const names = list.map(formatServerAddress).join(" ");
      throw new ProtocolError(`this tracker is not in the storage's list: ${names}`, Status.ENOENT);
    }
    for (const { hosts, port } of fresh) {
      const name = formatServerAddress({ hosts: hosts.slice(0, 1), port });
      this.#trackers.push({ hosts, port, name, version: "", upTime: 0, lastPing: 0, connections: NO_CONNECTIONS });
    }
    // The one found first stays: it may lead under this name.
    this.#self ??= this.#trackers.find((tracker) => this.isOwn(tracker)) ?? null;
    const contenders = this.#trackers.filter((tracker) => tracker === this.#self || !this.isOwn(tracker));
    const named = contenders.map(({ name, hosts, port }) => ({ name, ip: hosts[0]!, port }));
    this.#election.setContenders(named, this.#self?.name ?? "");
  }

  /** Called some times a second; `nowMs` of a clock that does not go back. What the election wants done. */
  tick(nowMs: number): ElectionAction[] {
    return [...this.#pending.splice(0), ...this.#election.tick(nowMs)];
  }

  /** The answer to a request of the election. */
  answered(id: number, answer: ElectionAnswer, nowMs: number): ElectionAction[] {
    return this.#election.answered(id, answer, nowMs);
  }

  /** NOTIFY_NEXT_LEADER (§7.3); throws 22 or 2. */
  notifyNext(text: string, nowMs: number): void {
    this.#receive({ kind: "notify", leader: this.#named(text) }, nowMs);
  }

  /** COMMIT_NEXT_LEADER (§7.3); throws 22 or 2. */
  commitNext(text: string, nowMs: number): void {
    this.#receive({ kind: "commit", leader: this.#named(text) }, nowMs);
  }

  /** NOTIFY_RESELECT_LEADER (§7.3); throws 95. */
  reselect(nowMs: number): void {
    this.#receive({ kind: "reselect" }, nowMs);
  }

  /** GET_LEADER's text for a client (§2.9); throws 2 when nobody leads. */
  leaderText(clientAddress: string): string {
    const { leader } = this;
    if (leader === null) throw new ProtocolError("no leader is known", Status.ENOENT);
    return formatServerAddress({ hosts: [addressFor(leader.hosts, clientAddress)], port: leader.port });
  }

  /** Throws 95 unless this tracker leads. */
  requireLeader(): void {
    if (!this.isLeader) throw new ProtocolError("this tracker does not lead", Status.EOPNOTSUPP);
  }

  /** JOIN_LEADER (§7.4): the follower at that TCP peer address; throws 2 when it is not in the list. */
  acceptFollower(peerIp: string, facts: { port: number; upTime: number; version: string }, now: number): TrackerPeer {
    this.requireLeader();
    const peer =
      this.#trackers.find(({ hosts, port }) => port === facts.port && hosts.includes(peerIp)) ??
      this.#followerElsewhere(peerIp, facts.port, now);
    if (peer === undefined) throw new ProtocolError(`${peerIp}:${facts.port} is not a known tracker`, Status.ENOENT);
    peer.upTime = facts.upTime;
    peer.version = facts.version;
    peer.lastPing = now;
    return peer;
  }

  /** Whether a tracker of the list is alive as far as this leader can tell (§2.10). */
  isActive(peer: TrackerPeer, now: number): boolean {
    return peer === this.leader || (peer.lastPing > 0 && now - peer.lastPing <= PING_LATE_SECONDS);
  }

  isOwn(address: ServerAddress): boolean {
    return this.#ports.includes(address.port) && address.hosts.some((host) => this.#ownAddresses.has(host));
  }

  /**
   * C's trackers call from whatever address the system gives them, which need not be a listed one. If it can only be one
   * tracker, it is that one; among several on one host any name is as good, for it only serves the statistics.
   */
  #followerElsewhere(peerIp: string, port: number, now: number): TrackerPeer | undefined {
    const possible = this.#trackers.filter(
      (tracker) => tracker.port === port && !this.isOwn(tracker) && !this.isActive(tracker, now),
    );
    return possible.length === 1 || isLoopback(peerIp) ? possible[0] : undefined;
  }

  #receive(message: ElectionMessage, nowMs: number): void {
    const { status, actions } = this.#election.receive(message, nowMs);
    this.#pending.push(...actions);
    if (status !== Status.OK) throw new ProtocolError(`Cannot take a ${message.kind} of leaders now`, status);
  }

  /** The name of the tracker at an address; throws 22 or 2. */
  #named(text: string): string {
    const address = parseServerAddress(text, 0);
    if (typeof address === "string" || address.port === 0) throw new ProtocolError(`Cannot use the address '${text}'`);
    const known = this.#trackers.find((tracker) => isSame(tracker, address));
    if (known === undefined) throw new ProtocolError(`${text} is not a known tracker`, Status.ENOENT);
    return this.isOwn(known) && this.#self !== null ? this.#self.name : known.name;
  }
}
