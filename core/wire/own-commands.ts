// Commands that only this implementation has. Their numbers are far from C's; a C server answers them with EINVAL.

import { command } from "./command.ts";
import { empty, record, restText } from "./layout.ts";

/** How far a storage has copied its changes to each other storage of its group: a ReplicationReport as JSON. */
export const replicationStatus = command({
  number: 200,
  name: "REPLICATION_STATUS",
  request: empty,
  response: record({ json: restText() }),
});

/** What a storage does for one other storage of its group. */
export interface PeerReport {
  readonly id: string;
  readonly ipAddress: string;
  readonly port: number;
  /** As this storage believes (StorageStatus). */
  readonly status: number;
  /**
   * `waiting`: something must happen first, `reason` says what; `connecting`: it does not answer; `copying`: records are
   * under way; `idle`: it has everything.
   */
  readonly state: "waiting" | "connecting" | "copying" | "idle";
  /** One sentence; empty when there is nothing to say. */
  readonly reason: string;
  /** Bytes of the binlog that are not confirmed yet. */
  readonly behindBytes: number;
  /** Age of the oldest record that is not confirmed, seconds; 0 = none. */
  readonly behindSeconds: number;
  /** From the record in the binlog to the peer's confirmation, the last 1,000 or so; null = nothing copied yet. */
  readonly lagP50Ms: number | null;
  readonly lagP99Ms: number | null;
  /** Records since the start of the storage. */
  readonly copiedRecords: number;
  /** Content bytes since the start of the storage. */
  readonly copiedBytes: number;
  /** Records that could not be applied and were set aside, all in all; their file is `setAsideFile`. */
  readonly setAsideRecords: number;
  readonly setAsideFile: string;
  /** The last failure and its time (Unix seconds); "" and 0 = none. */
  readonly lastError: string;
  readonly lastErrorTime: number;
  /** Hands old files over to this new member. */
  readonly isFilling: boolean;
  readonly binlogIndex: number;
  readonly binlogOffset: number;
}

export interface ReplicationReport {
  readonly storageId: string;
  readonly groupName: string;
  /** Where the binlog ends. */
  readonly binlogIndex: number;
  readonly binlogSize: number;
  readonly peers: readonly PeerReport[];
}
