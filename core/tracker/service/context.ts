// What the tracker's operations work with, and the state of one connection.

import type { Connection } from "../../net/connection.ts";
import type { Logger } from "../../observe/logger.ts";
import { type Command, encodeResponse } from "../../wire/command.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import type { IpSize } from "../../wire/reader.ts";
import { Status, statusOfError } from "../../wire/status.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Group } from "../cluster/group.ts";
import type { Leadership, TrackerPeer } from "../cluster/leadership.ts";
import type { StorageRecord } from "../cluster/storage-record.ts";
import type { SystemFilesCopy } from "../control/system-files-copy.ts";
import type { TrunkKeeper } from "../control/trunk-keeper.ts";
import type { StateFolder } from "../state-files/state-folder.ts";

export interface TrackerContext {
  readonly cluster: Cluster;
  readonly leadership: Leadership;
  readonly files: StateFolder;
  readonly trunkKeeper: TrunkKeeper;
  readonly log: Logger;
  /** Width of addresses in query answers (tracker.md §1.5). */
  readonly ipSize: IpSize;
  /** Unix seconds of this start, and of the last sign of life before it. */
  readonly upTime: number;
  readonly lastCheckTime: number;
  readonly maxPackageBytes: number;
  /** Unix seconds. */
  now(): number;
  /** Milliseconds of a clock that does not go back. */
  nowMs(): number;
  readonly systemFilesCopy: SystemFilesCopy;
  readonly connections: { current: number; max: number };
  /** The connection that copies the system files; others wait. */
  systemFilesReader: object | null;
}

export class Session {
  readonly connection: Connection<Session>;
  readonly tracker: TrackerContext;
  /** Set by a successful JOIN. */
  joined: { readonly group: Group; readonly storage: StorageRecord } | null = null;
  toldLeaderChanges = 0;
  /** Heartbeats of a joined storage. */
  beats = 0;
  /** Set by a successful JOIN_LEADER: the follower at the other end, and which trunk servers it was told. */
  follower: { readonly peer: TrackerPeer; toldTrunkChanges: number } | null = null;

  /** The system files as they were when this connection asked for them: parts of one file belong together. */
  systemFiles: readonly Uint8Array[] | null = null;

  constructor(connection: Connection<Session>, tracker: TrackerContext) {
    this.connection = connection;
    this.tracker = tracker;
  }

  /** The joined storage; throws 13 (tracker.md §1.7), also when it has joined again on another connection since. */
  requireJoined(): { readonly group: Group; readonly storage: StorageRecord } {
    if (this.joined === null) throw new ProtocolError("the connection has not joined", Status.EACCES);
    // What was sent before and comes late must not undo what has been said since.
    const isReplaced = this.joined.storage.connection !== this;
    if (isReplaced) throw new ProtocolError("the storage has joined on another connection", Status.EACCES);
    return this.joined;
  }

  reply<Q, S>(command: Command<Q, S>, value: S, ipSize: IpSize = 16): void {
    this.connection.reply(encodeResponse(command, value, ipSize));
  }

  /** Answers when `work` is done; the connection waits, the others do not. A failure is answered by its status. */
  replyLater<Q, S>(command: Command<Q, S>, work: () => Promise<S>): void {
    work().then(
      (value) => this.reply(command, value),
      (error: unknown) => {
        this.tracker.log.error(`${command.name} of ${this.connection.remoteAddress} failed: ${String(error)}`);
        this.connection.replyStatus(statusOfError(error));
      },
    );
  }

  done(): void {
    this.connection.replyStatus(Status.OK);
  }
}
