// Commands that only this implementation has. Their numbers are far from C's; a C server answers them with EINVAL.

import { command } from "./command.ts";
import { empty, record, restText, text, uint8 } from "./layout.ts";
import { GROUP_NAME_SIZE } from "./limits.ts";

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

/** Equal files kept once (check_file_duplicate), since the start of the storage. */
export interface DuplicatesReport {
  readonly index: "embedded" | "fastdht" | "redis";
  /** Uploads that became a link to a content which was there. */
  readonly found: number;
  /** Uploads that were stored without looking for their equal: the index did not answer. */
  readonly misses: number;
  /** Links that are gone and of which the index has not been told yet. */
  readonly owed: number;
}

export interface ReplicationReport {
  readonly storageId: string;
  readonly groupName: string;
  /** Where the binlog ends. */
  readonly binlogIndex: number;
  readonly binlogSize: number;
  readonly peers: readonly PeerReport[];
  /** Absent: it does not look for equal files. */
  readonly duplicates?: DuplicatesReport;
}

/**
 * All that one store path of a storage holds, a line each: `<seconds of the last change> C <logic name> <bytes>` of a file,
 * `<seconds> L <logic name> <logic name that it leads to>` of a link; trunk files by their physical names. The answer is
 * framed as that of FETCH_ONE_PATH_BINLOG.
 */
export const listStoredFiles = command({
  number: 201,
  name: "LIST_STORED_FILES",
  request: record({ groupName: text(GROUP_NAME_SIZE), storePathIndex: uint8() }),
  response: empty,
  responseStream: true,
});

/** How far a storage that does not serve yet is with its lost store paths: a RecoveryReport as JSON. */
export const recoveryStatus = command({
  number: 202,
  name: "RECOVERY_STATUS",
  request: empty,
  response: record({ json: restText() }),
});

export interface RecoveryReport {
  /** Of the one that is being recovered, and its folder. */
  readonly storePathIndex: number;
  readonly storePath: string;
  /**
   * `asking`: trackers and candidates; `fetching`: the list of files; `restoring`: the files; `checking`: comparing with
   * what another storage has.
   */
  readonly phase: "asking" | "fetching" | "restoring" | "checking";
  /** `host:port` of the storage that the files come from; "" = none yet. */
  readonly source: string;
  /** Records of this phase; 0 = not known yet. */
  readonly totalFiles: number;
  /** Of them done, those included that were gone at the source. */
  readonly doneFiles: number;
  /** Content bytes received since the start of this process. */
  readonly bytes: number;
  /** When the recovery of this store path began in this process, Unix seconds. */
  readonly since: number;
  /** Seconds still to come by the pace so far; null = not known. */
  readonly etaSeconds: number | null;
  /** One sentence on what it waits for, or the last failure; "" = nothing. */
  readonly trouble: string;
  /** Store paths that have to be recovered after this one. */
  readonly waitingPaths: number;
}

/** A storage's part in the trunk files of its group: a TrunkReport as JSON; an empty text where there are none. */
export const trunkStatus = command({
  number: 203,
  name: "TRUNK_STATUS",
  request: empty,
  response: record({ json: restText() }),
});

/** The copy of the trunk binlog at one other storage, as the trunk server sees it. */
interface TrunkCopyReport {
  readonly id: string;
  /** Bytes that it does not have yet. */
  readonly behindBytes: number;
  readonly isConnected: boolean;
  /** "" = none. */
  readonly lastError: string;
}

export interface TrunkReport {
  readonly storageId: string;
  /** `serving` hands out slots; `loading` and `suspended` (see `reason`) do not yet; `other`: another storage does. */
  readonly role: "serving" | "loading" | "suspended" | "other" | "none";
  /** Id of the trunk server; "" = the group has none. */
  readonly server: string;
  /** Counts what the leading tracker announced. */
  readonly term: number;
  /** Why no slots, or not all, are handed out; "" = nothing. */
  readonly reason: string;
  readonly currentTrunkFileId: number;
  /** Uploads that were stored as files of their own because no slot could be had, since the start of the storage. */
  readonly misses: number;
  /** Bytes of the trunk binlog here. */
  readonly binlogSize: number;
  /** From here on of the trunk server only, otherwise 0. */
  readonly freeMb: number;
  readonly freeBlocks: number;
  /** Trunk files with free space. */
  readonly files: number;
  /** Free blocks that are not handed out before the other storages have delivered all they have. */
  readonly quarantinedBlocks: number;
  readonly copies: readonly TrunkCopyReport[];
}
