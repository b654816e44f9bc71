// Statuses of a storage and its read/write mode, with the words monitors print (tracker.md §5.1, http-config-tools.md §4.3).

/** Numeric order matters: merges compare it. */
export const StorageStatus = {
  INIT: 0,
  WAIT_SYNC: 1,
  SYNCING: 2,
  IP_CHANGED: 3,
  DELETED: 4,
  OFFLINE: 5,
  ONLINE: 6,
  ACTIVE: 7,
  RECOVERY: 9,
  NONE: 99,
} as const;

const names: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(StorageStatus)
    .filter(([name]) => name !== "NONE")
    .map(([name, value]) => [value, name]),
);

/** "ACTIVE", ...; "UNKNOWN" for NONE and anything else, as fdfs_monitor prints. */
export function storageStatusName(status: number): string {
  return names[status] ?? "UNKNOWN";
}

/** Read/write mode of a storage (rw= in storage_ids.conf). */
export const RwMode = { NONE: 0, WRITE: 2, READ: 4, BOTH: 6 } as const;

export function rwModeName(mode: number): string {
  if (mode === RwMode.NONE) return "none (disabled)";
  if (mode === RwMode.READ) return "readonly";
  if (mode === RwMode.WRITE) return "writeonly";
  return "both (normal)";
}
