// The settings of a tracker: its table, and the rules between keys (tracker.md §9.2, C: tracker_load_from_conf_file).

import type { ConfDocument } from "./document.ts";
import { readIdTable } from "./id-table.ts";
import { type Loaded, loadConf } from "./loaded.ts";
import { defaultSettings, readTable } from "./read-table.ts";
import type { Report } from "./report.ts";
import type { SettingsOf } from "./setting.ts";
import type { StorageIdEntry } from "./storage-ids.ts";
import { checkGroupName, groupNameAllowed } from "./table/common.ts";
import { trackerTable } from "./table/tracker.ts";
import { formatSize } from "./units.ts";

type TrackerTableSettings = SettingsOf<typeof trackerTable>;

export type TrackerSettings = TrackerTableSettings & {
  /** Empty unless use_storage_id is on. */
  readonly storageIds: readonly StorageIdEntry[];
};

/** Settings of the error log. Times of day are seconds after local midnight. */
export type LogSettings = TrackerSettings["errorLog"];

const SLOT_MIN_SIZE_MAX = 64 * 1024;

/** Reads tracker.conf. ConfError with every problem. */
export function loadTrackerConf(file: string): Loaded<TrackerSettings> {
  return loadConf(file, interpretTracker);
}

/** Settings without a file: for the embedded server and for tests. */
export function trackerDefaults(overrides: Partial<TrackerSettings>): TrackerSettings {
  const defaults = { ...defaultSettings(trackerTable), ...overrides };
  const slotMaxSizeBytes = defaults.slotMaxSizeBytes || defaultSlotMax(defaults);
  return Object.freeze({ storageIds: [], ...defaults, slotMaxSizeBytes });
}

export function interpretTracker(document: ConfDocument, report: Report): TrackerSettings {
  const settings = readTable(trackerTable, document, report);
  if (settings.disabled) report.warnKey("disabled", "a server refuses to start with this file");
  checkStoreGroup(settings, report);
  checkIpv6(settings, report);
  const { useStorageId, useTrunkFile, storeServer } = settings;
  const storageIds = useStorageId ? readIdTable(document.file, settings.storageIdsFilename, report) : [];
  return {
    ...settings,
    ...trunkSizes(settings, report),
    // In trunk mode one server allocates; taking turns is not possible (tracker.md §6.4).
    storeServer: useTrunkFile && storeServer === 0 ? 1 : storeServer,
    // C reads these two only with storage numbers.
    idTypeInFilename: useStorageId ? settings.idTypeInFilename : "ip",
    trustStorageServerId: useStorageId ? settings.trustStorageServerId : true,
    storageIds,
  };
}

function checkStoreGroup(settings: TrackerTableSettings, report: Report): void {
  if (settings.storeLookup !== 1) return;
  const problem = checkGroupName(settings.storeGroup);
  if (problem === null) return;
  const remedy = "name the group, or choose another store_lookup";
  report.failKey("store_group", `${problem}, and store_lookup = 1 needs it`, { allowed: groupNameAllowed, remedy });
}

/** IPv6 does not fit into file names (tracker.md §9.2, address_family). */
function checkIpv6(settings: TrackerTableSettings, report: Report): void {
  const { addressFamily, bindAddr, innerBindAddr, outerBindAddr, useStorageId, idTypeInFilename } = settings;
  const bindsIpv6 = [bindAddr, innerBindAddr, outerBindAddr].some((address) => address.includes(":"));
  const usesIpv6 = addressFamily === "IPv6" || addressFamily === "both" || (addressFamily === "auto" && bindsIpv6);
  if (!usesIpv6 || (useStorageId && idTypeInFilename === "id")) return;
  const remedy = "write use_storage_id = true and id_type_in_filename = id, or stay with IPv4";
  report.failKey("address_family", "IPv6 needs storage numbers instead of addresses", { remedy });
}

function defaultSlotMax(settings: Pick<TrackerTableSettings, "trunkFileSizeBytes">): number {
  return Math.floor(settings.trunkFileSizeBytes / 8);
}

function trunkSizes(
  settings: TrackerTableSettings,
  report: Report,
): Pick<TrackerTableSettings, "slotMinSizeBytes" | "slotMaxSizeBytes"> {
  const { trunkAllocAlignmentSizeBytes: alignment, trunkFileSizeBytes } = settings;
  let { slotMinSizeBytes, slotMaxSizeBytes } = settings;
  if (slotMinSizeBytes > SLOT_MIN_SIZE_MAX) {
    slotMinSizeBytes = SLOT_MIN_SIZE_MAX;
    report.warnKey("slot_min_size", "too large, 64KB is used");
  }
  if (slotMinSizeBytes < alignment) {
    slotMinSizeBytes = alignment;
    report.warnKey("slot_min_size", `less than trunk_alloc_alignment_size, ${formatSize(alignment)} is used`);
  }
  if (slotMaxSizeBytes === 0) slotMaxSizeBytes = defaultSlotMax(settings);
  if (slotMaxSizeBytes <= slotMinSizeBytes) {
    report.failKey("slot_max_size", "not larger than slot_min_size", {
      allowed: `more than ${formatSize(slotMinSizeBytes)}, up to half of trunk_file_size`,
    });
  }
  const half = Math.floor(trunkFileSizeBytes / 2);
  if (slotMaxSizeBytes > half) {
    slotMaxSizeBytes = half;
    report.warnKey("slot_max_size", `more than half of trunk_file_size, ${formatSize(half)} is used`);
  }
  return { slotMinSizeBytes, slotMaxSizeBytes };
}
