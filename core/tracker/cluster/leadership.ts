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

const isSame = (a: ServerAddress, b: ServerAddress): boolean =>
  a.port === b.port && a.hosts.some((host) => b.hosts.includes(host));

export class Leadership {
  /** Addresses this tracker is known to have: what storages dialled, what connections ended at. */
  readonly #ownAddresses = new Set<string>();
  readonly #port: number;
  /** The trackers as the storages list them; empty until the first JOIN. */
  #trackers: ServerAddress[] = [];
  #leader: ServerAddress | null = null;
  #next: ServerAddress | null = null;
  #changes = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** True while this tracker leads. */
  get isLeader(): boolean {
    return this.#leader !== null && this.#isOwn(this.#leader);
  }

  get leader(): ServerAddress | null {
    return this.#leader;
  }

  get trackers(): readonly ServerAddress[] {
    return this.#trackers;
  }

  get view(): LeaderView {
    const leader = this.#leader;
    return {
      speaks: leader === null || this.isLeader,
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
    this.#trackers.push(...fresh);
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
    if (!this.isLeader) throw new ProtocolError("this tracker does not lead", Status.EOPNOTSUPP);
    this.#lead(null);
  }

  /** GET_LEADER's text for a client (§2.9); throws 2 when nobody leads. */
  leaderText(clientAddress: string): string {
    if (this.#leader === null) throw new ProtocolError("no leader is known", Status.ENOENT);
    return formatServerAddress({ hosts: [addressFor(this.#leader.hosts, clientAddress)], port: this.#leader.port });
  }

  #lead(leader: ServerAddress | null): void {
    const before = this.isLeader;
    this.#leader = leader;
    if (this.isLeader !== before) this.#changes++;
  }

  #isOwn(address: ServerAddress): boolean {
    return address.port === this.#port && address.hosts.some((host) => this.#ownAddresses.has(host));
  }

  #findNamed(text: string): ServerAddress {
    const address = parseServerAddress(text, 0);
    if (typeof address === "string") throw new ProtocolError(`Cannot use the address '${text}'`);
    const known = this.#trackers.find((tracker) => isSame(tracker, address));
    if (known === undefined) throw new ProtocolError(`${text} is not a known tracker`, Status.ENOENT);
    return known;
  }
}
