// The 348-byte statistics block of a storage: heartbeat body and part of LIST_STORAGE (tracker.md §2.5; C:
// FDFSStorageStatBuff).

import { type Infer, int32, int64, record } from "./layout.ts";

/**
 * | off | size | field |
 * |   0 |  12 | connection alloc, current, max (i32) |
 * |  12 | 160 | 10 pairs of operation counts |
 * | 172 |  96 | 6 pairs of byte counts |
 * | 268 |  48 | 3 pairs of file operation counts |
 * | 316 |  32 | last_source_update, last_sync_update, last_synced_timestamp, last_heart_beat_time |
 */
export const storageStat = record({
  connectionAllocCount: int32(),
  connectionCurrentCount: int32(),
  connectionMaxCount: int32(),
  totalUploadCount: int64(),
  successUploadCount: int64(),
  totalAppendCount: int64(),
  successAppendCount: int64(),
  totalModifyCount: int64(),
  successModifyCount: int64(),
  totalTruncateCount: int64(),
  successTruncateCount: int64(),
  totalSetMetaCount: int64(),
  successSetMetaCount: int64(),
  totalDeleteCount: int64(),
  successDeleteCount: int64(),
  totalDownloadCount: int64(),
  successDownloadCount: int64(),
  totalGetMetaCount: int64(),
  successGetMetaCount: int64(),
  totalCreateLinkCount: int64(),
  successCreateLinkCount: int64(),
  totalDeleteLinkCount: int64(),
  successDeleteLinkCount: int64(),
  totalUploadBytes: int64(),
  successUploadBytes: int64(),
  totalAppendBytes: int64(),
  successAppendBytes: int64(),
  totalModifyBytes: int64(),
  successModifyBytes: int64(),
  totalDownloadBytes: int64(),
  successDownloadBytes: int64(),
  totalSyncInBytes: int64(),
  successSyncInBytes: int64(),
  totalSyncOutBytes: int64(),
  successSyncOutBytes: int64(),
  totalFileOpenCount: int64(),
  successFileOpenCount: int64(),
  totalFileReadCount: int64(),
  successFileReadCount: int64(),
  totalFileWriteCount: int64(),
  successFileWriteCount: int64(),
  lastSourceUpdate: int64(),
  lastSyncUpdate: int64(),
  lastSyncedTimestamp: int64(),
  lastHeartBeatTime: int64(),
});
export type StorageStat = Infer<typeof storageStat>;

/** A block of zeros: a storage that has reported nothing yet. */
export function emptyStorageStat(): StorageStat {
  return storageStat.parse(new Uint8Array(348));
}
