// STORAGE_PARAMETER_REQ (tracker.md §4.15): the settings that rule the storages, as text below 1024 bytes.

import { Buffer } from "node:buffer";
import { formatReservedSpace, formatTimeOfDay, type TrackerSettings } from "../../../conf/index.ts";
import type { IpSize } from "../../wire/reader.ts";
import { parameterRequest } from "../../wire/tracker-report.ts";
import type { Session } from "./context.ts";

const bit = (value: boolean): number => (value ? 1 : 0);

function formatParameters(settings: TrackerSettings, ipSize: IpSize): string {
  const lines: readonly (readonly [string, string | number])[] = [
    ["use_storage_id", bit(settings.useStorageId)],
    ["id_type_in_filename", settings.useStorageId ? settings.idTypeInFilename : "ip"],
    ["trust_storage_server_id", bit(settings.trustStorageServerId)],
    ["response_ip_addr_size", ipSize],
    ["storage_ip_changed_auto_adjust", bit(settings.storageIpChangedAutoAdjust)],
    ["storage_sync_file_max_delay", settings.storageSyncFileMaxDelaySeconds],
    ["store_path", settings.storePath],
    ["reserved_storage_space", formatReservedSpace(settings.reservedStorageSpace)],
    ["use_trunk_file", bit(settings.useTrunkFile)],
    ["slot_min_size", settings.slotMinSizeBytes],
    ["slot_max_size", settings.slotMaxSizeBytes],
    ["trunk_alloc_alignment_size", settings.trunkAllocAlignmentSizeBytes],
    ["trunk_file_size", settings.trunkFileSizeBytes],
    ["trunk_create_file_advance", bit(settings.trunkCreateFileAdvance)],
    ["trunk_create_file_time_base", formatTimeOfDay(settings.trunkCreateFileTimeBaseSeconds)],
    ["trunk_create_file_interval", settings.trunkCreateFileIntervalSeconds],
    ["trunk_create_file_space_threshold", settings.trunkCreateFileSpaceThresholdBytes],
    ["trunk_init_check_occupying", bit(settings.trunkInitCheckOccupying)],
    ["trunk_init_reload_from_binlog", bit(settings.trunkInitReloadFromBinlog)],
    ["trunk_free_space_merge", bit(settings.trunkFreeSpaceMerge)],
    ["delete_unused_trunk_files", bit(settings.deleteUnusedTrunkFiles)],
    ["trunk_compress_binlog_min_interval", settings.trunkCompressBinlogMinIntervalSeconds],
    ["trunk_compress_binlog_interval", settings.trunkCompressBinlogIntervalSeconds],
    ["trunk_compress_binlog_time_base", formatTimeOfDay(settings.trunkCompressBinlogTimeBaseSeconds)],
    ["trunk_binlog_max_backups", settings.trunkBinlogMaxBackups],
    ["store_slave_file_use_link", bit(settings.storeSlaveFileUseLink)],
    // Ours: storages that do not know it pass over it.
    ["update_failover", bit(settings.updateFailover)],
  ];
  return lines.map(([key, value]) => `${key}=${value}\n`).join("");
}

export function parameters(session: Session, body: Uint8Array): void {
  parameterRequest.request.parse(body);
  const { cluster, ipSize } = session.tracker;
  session.reply(parameterRequest, {
    text: Buffer.from(formatParameters(cluster.settings, ipSize)),
  });
}
