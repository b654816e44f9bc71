// Carries the election's requests to the other trackers and their answers back (tracker.md §7.3, §7.4), keeps the lasting
// connection to the leader, and takes over the trunk servers that pings bring. Who leads is decided in
// cluster/election.ts; requests of storages and clients never wait for any of this.

import type { ClientConnection } from "../../net/client-connection.ts";
import { RemoteError } from "../../net/remote-error.ts";
import type { Logger } from "../../observe/logger.ts";
import { PROTOCOL_VERSION } from "../../wire/limits.ts";
import * as among from "../../wire/tracker-cluster.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { ElectionAction, ElectionAnswer, ElectionRequest } from "../cluster/election-messages.ts";
import type { Leadership, TrackerPeer } from "../cluster/leadership.ts";
import { adoptTrunkServers } from "../cluster/trunk-server.ts";
import type { StateFolder } from "../state-files/state-folder.ts";
import { askOnce, askTracker, openTracker } from "./tracker-link.ts";

/** A ping a second needs a finer grain than a second. */
const TICK_MS = 200;
const DONE: ElectionAnswer = { kind: "done" };

export interface ElectionKeeperParts {
  readonly cluster: Cluster;
  readonly leadership: Leadership;
  readonly files: StateFolder;
  readonly log: Logger;
  readonly connections: { readonly current: number; readonly max: number };
  /** The addresses this tracker listens on, and the port it is listed with. */
  readonly ownHosts: readonly string[];
  readonly ownPort: number;
  /** Unix seconds of this start. */
  readonly upTime: number;
  nowMs(): number;
}

export class ElectionKeeper {
  readonly #parts: ElectionKeeperParts;
  readonly #timer: ReturnType<typeof setInterval>;
  /** To the leader this tracker follows. */
  #link: ClientConnection | null = null;
  #toldLeader: TrackerPeer | null = null;
  #isStopped = false;

  constructor(parts: ElectionKeeperParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#hangUp();
  }

  #tick(): void {
    const { leadership, nowMs } = this.#parts;
    this.#carryOut(leadership.tick(nowMs()));
    this.#tellLeader();
  }

  #carryOut(actions: readonly ElectionAction[]): void {
    for (const action of actions) {
      if (action.kind === "hangUp") this.#hangUp();
      else void this.#request(action);
    }
  }

  async #request(request: ElectionRequest): Promise<void> {
    const answer = await this.#ask(request).catch((error: unknown) => {
      this.#parts.log.debug(`${request.kind} to tracker ${request.to} failed: ${String(error)}`);
      return answerOf(error);
    });
    if (this.#isStopped) return;
    const { leadership, nowMs } = this.#parts;
    this.#carryOut(leadership.answered(request.id, answer, nowMs()));
    this.#tellLeader();
  }

  async #ask(request: ElectionRequest): Promise<ElectionAnswer> {
    const { leadership, cluster, ownHosts } = this.#parts;
    const tracker = leadership.find(request.to);
    if (tracker === undefined) throw new Error(`${request.to} is no tracker of the list`);
    const once = <Q, S>(command: Parameters<typeof askOnce<Q, S>>[3], body: Q): Promise<S> =>
      askOnce(tracker, cluster.settings, ownHosts, command, body);
    switch (request.kind) {
      case "status":
        return { kind: "standing", standing: await once(among.trackerGetStatus, {}) };
      case "notify":
        await once(among.notifyNextLeader, { address: request.leader });
        return DONE;
      case "commit":
        await once(among.commitNextLeader, { address: request.leader });
        return DONE;
      case "reselect":
        await once(among.notifyReselectLeader, {});
        return DONE;
      case "join":
        return this.#join(tracker);
      case "ping":
        return this.#ping();
    }
  }

  async #join(tracker: TrackerPeer): Promise<ElectionAnswer> {
    const { cluster, leadership, ownHosts, ownPort, upTime } = this.#parts;
    this.#hangUp();
    const link = await openTracker(tracker, cluster.settings, ownHosts);
    if (this.#isStopped || leadership.leader !== tracker) {
      link.destroy();
      return { kind: "silent" };
    }
    this.#link = link;
    await askTracker(link, among.joinLeader, { upTime, version: PROTOCOL_VERSION, serverPort: ownPort });
    return DONE;
  }

  async #ping(): Promise<ElectionAnswer> {
    const { cluster, files, connections } = this.#parts;
    const link = this.#link;
    if (link === null) return { kind: "silent" };
    const { current, max } = connections;
    const { groups } = await askTracker(link, among.pingLeader, {
      allocCount: max,
      currentCount: current,
      maxCount: max,
    });
    // The leader may be another one meanwhile.
    if (this.#link !== link) return { kind: "silent" };
    adoptTrunkServers(cluster, groups);
    files.save();
    return DONE;
  }

  #hangUp(): void {
    this.#link?.destroy();
    this.#link = null;
  }

  #tellLeader(): void {
    const { leadership, log } = this.#parts;
    const { leader } = leadership;
    if (leader === this.#toldLeader) return;
    this.#toldLeader = leader;
    if (leader === null) log.notice("no tracker leads now");
    else log.notice(leadership.isLeader ? "this tracker leads" : `tracker ${leader.name} leads`);
  }
}

function answerOf(error: unknown): ElectionAnswer {
  const isRefusal = error instanceof RemoteError && error.answered;
  return isRefusal ? { kind: "refused", status: error.status } : { kind: "silent" };
}
