// Who leads the trackers, as far as this version goes: a tracker that is alone in its storages' list leads; among several
// nobody does until they have elected (that is the next version's work), and each then speaks for itself. The commands of
// an election made by other trackers are answered as tracker.md §7 says.

import { formatServerAddress } from "../../../conf/index.ts";
import { parseServerAddress, type ServerAddress } from "../../../conf/server-address.ts";
import { MAX_TRACKERS } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import type { LeaderView } from "./reports.ts";
import { addressFor } from "./storage-ids.ts";

const DEFAULT_PORT = 22122;

/** A tracker of the storages' lists, with what it has said as a follower of this leader. */
export interface TrackerPeer extends ServerAddress {
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

export class Leadership {
  /** Addresses this tracker is known to have: what storages dialled, what connections ended at. */
  readonly #ownAddresses = new Set<string>();
  readonly #ports: readonly number[];
  /** The trackers as the storages list them; empty until the first JOIN. */
  #trackers: TrackerPeer[] = [];
  #leader: TrackerPeer | null = null;
  #next: TrackerPeer | null = null;
  #changes = 0;

  /** `ports`: those this tracker listens on. */
  constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  /** True while this tracker leads. */
  get isLeader(): boolean {
    return this.#leader !== null && this.#isOwn(this.#leader);
  }

  get leader(): ServerAddress | null {
    return this.#leader;
  }

  get trackers(): readonly TrackerPeer[] {
    return this.#trackers;
  }

  get view(): LeaderView {
    const leader = this.#leader;
    return {
      speaks: this.isLeader || (leader === null && this.#trackers.length > 1),
      leads: this.isLeader,
      changes: this.#changes,
      leader: leader === null ? null : { ipAddress: leader.hosts[0]!, port: leader.port },
    };
  }

  /** Takes in the tracker list of a JOIN; throws 22, 28, or 2 when this tracker is not in it (tracker.md §4.1 step 3). */
  learnTrackers(lines: string, count: number, ownAddresses: readonly string[]): void {
    for (const address of ownAddresses) if (address !== "") this.#ownAddresses.add(address);
    if (count < 1 || count > MAX_TRACKERS) throw new ProtocolError(`Cannot use a list of ${count} trackers`);
    const list = lines.split("\n").slice(0, -1);
    if (!lines.endsWith("\n") || list.length !== count)
      throw new ProtocolError("Cannot use the list of trackers: a line has no end");
    const parsed = list.map((line) => parseServerAddress(line, DEFAULT_PORT));
    if (parsed.some((address) => typeof address === "string"))
      throw new ProtocolError(`Cannot use the list of trackers: ${list.join(" ")}`);
    const fresh = (parsed as ServerAddress[]).filter(
      (address) => !this.#trackers.some((known) => isSame(known, address)),
    );
    if (this.#trackers.length + fresh.length > MAX_TRACKERS)
      throw new ProtocolError("too many trackers", Status.ENOSPC);
    if (![...this.#trackers, ...fresh].some((address) => this.#isOwn(address))) {
      throw new ProtocolError(`this tracker is not in the storage's list: ${list.join(" ")}`, Status.ENOENT);
    }
    for (const address of fresh) {
      this.#trackers.push({
        ...address,
        version: "",
        upTime: 0,
        lastPing: 0,
        connections: NO_CONNECTIONS,
      });
    }
  }

  /** Called about once a second: a tracker alone in the list takes the lead. */
  tick(): void {
    if (this.#leader === null && this.#trackers.length === 1 && this.#isOwn(this.#trackers[0]!))
      this.#lead(this.#trackers[0]!);
  }

  /** NOTIFY_NEXT_LEADER (§7.3). */
  notifyNext(text: string): void {
    const named = this.#findNamed(text);
    if (this.isLeader && !this.#isOwn(named)) {
      this.#lead(null);
      throw new ProtocolError("this tracker was the leader");
    }
    this.#next = named;
  }

  /** COMMIT_NEXT_LEADER (§7.3). */
  commitNext(text: string): void {
    const named = this.#findNamed(text);
    if (this.#next === null || !isSame(this.#next, named)) throw new ProtocolError("another leader was announced");
    this.#lead(named);
  }

  /** NOTIFY_RESELECT_LEADER (§7.3). */
  reselect(): void {
    this.requireLeader();
    this.#lead(null);
  }

  /** GET_LEADER's text for a client (§2.9); throws 2 when nobody leads. */
  leaderText(clientAddress: string): string {
    if (this.#leader === null) throw new ProtocolError("no leader is known", Status.ENOENT);
    return formatServerAddress({
      hosts: [addressFor(this.#leader.hosts, clientAddress)],
      port: this.#leader.port,
    });
  }

  /** Throws 95 unless this tracker leads. */
  requireLeader(): void {
    if (!this.isLeader) throw new ProtocolError("this tracker does not lead", Status.EOPNOTSUPP);
  }

  /** JOIN_LEADER (§7.4): the follower at that TCP peer address; throws 2 when it is not in the list. */
  acceptFollower(peerIp: string, facts: { port: number; upTime: number; version: string }, now: number): TrackerPeer {
    this.requireLeader();
    const peer = this.#trackers.find(({ hosts, port }) => port === facts.port && hosts.includes(peerIp));
    if (peer === undefined) throw new ProtocolError(`${peerIp}:${facts.port} is not a known tracker`, Status.ENOENT);
    peer.upTime = facts.upTime;
    peer.version = facts.version;
    peer.lastPing = now;
    return peer;
  }

  /** Whether a tracker of the list is alive as far as this leader can tell (§2.10). */
  isActive(peer: TrackerPeer, now: number): boolean {
    return peer === this.#leader || (peer.lastPing > 0 && now - peer.lastPing <= PING_LATE_SECONDS);
  }

  #lead(leader: TrackerPeer | null): void {
    const before = this.isLeader;
    this.#leader = leader;
    if (this.isLeader !== before) this.#changes++;
  }

  #isOwn(address: ServerAddress): boolean {
    return this.#ports.includes(address.port) && address.hosts.some((host) => this.#ownAddresses.has(host));
  }

  #findNamed(text: string): TrackerPeer {
    const address = parseServerAddress(text, 0);
    if (typeof address === "string" || address.port === 0) throw new ProtocolError(`Cannot use the address '${text}'`);
    const known = this.#trackers.find((tracker) => isSame(tracker, address));
    if (known === undefined) throw new ProtocolError(`${text} is not a known tracker`, Status.ENOENT);
    return known;
  }
}
