// What the trackers decide for all storages (STORAGE_PARAMETER_REQ, tracker.md §4.15): text to typed values with C's
// defaults, those of a storage that misses a key.

import { parseConfText, type ReservedSpace, readReservedSpace } from "../../../conf/index.ts";
import { parseTrunkParameters, type TrunkParameters } from "./trunk-parameters.ts";

export interface TrackerParameters {
  readonly useStorageId: boolean;
  readonly idTypeInFilename: "ip" | "id";
  readonly trustStorageServerId: boolean;
  readonly responseIpSize: 16 | 46;
  readonly storageIpChangedAutoAdjust: boolean;
  /** 0 in turn, 2 the store path with most free space (tracker.md §6.4). */
  readonly storePath: number;
  readonly reservedStorageSpace: ReservedSpace;
  /** Null: use_trunk_file is off. */
  readonly trunk: TrunkParameters | null;
  readonly storeSlaveFileUseLink: boolean;
  /** Changes of a file whose source is away may be made elsewhere. A C tracker does not tell: it sends them elsewhere. */
  readonly updateFailover: boolean;
}

const DEFAULT_RESERVED: ReservedSpace = { kind: "mb", mb: 1024 };

/** Reads the answer's text; throws an Error when the reserved space cannot be understood. */
export function parseTrackerParameters(text: string): TrackerParameters {
  const document = parseConfText(text, "the tracker's parameters");
  const flag = (key: string): boolean => /^(true|yes|on|1)$/i.test(document.get(key) ?? "");
  const useStorageId = flag("use_storage_id");
  const reservedText = document.get("reserved_storage_space");
  const reserved = reservedText === undefined ? DEFAULT_RESERVED : readReservedSpace(reservedText);
  if (reserved === null) {
    throw new Error(
      `Cannot use the tracker's reserved_storage_space '${reservedText}': neither a size nor a percentage`,
    );
  }
  return {
    useStorageId,
    idTypeInFilename: useStorageId && /^id$/i.test(document.get("id_type_in_filename") ?? "") ? "id" : "ip",
    trustStorageServerId: flag("trust_storage_server_id"),
    responseIpSize: document.get("response_ip_addr_size") === "16" ? 16 : 46,
    storageIpChangedAutoAdjust: flag("storage_ip_changed_auto_adjust"),
    storePath: Number.parseInt(document.get("store_path") ?? "0", 10) || 0,
    reservedStorageSpace: reserved,
    trunk: flag("use_trunk_file") ? parseTrunkParameters((key) => document.get(key)) : null,
    storeSlaveFileUseLink: flag("store_slave_file_use_link"),
    updateFailover: document.get("update_failover") === undefined || flag("update_failover"),
  };
}

/** Megabytes that uploads leave free on one of `pathCount` store paths of `totalMb` (storage.md §2.1). */
export function reservedMbPerPath(space: ReservedSpace, pathCount: number, totalMb: number): number {
  return space.kind === "mb" ? Math.floor(space.mb / pathCount) : Math.floor(totalMb * space.ratio);
}
