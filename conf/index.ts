// The settings room's door.

export type { AllowedHosts } from "./allow-hosts.ts";
export { type ConfDocument, parseConfText } from "./document.ts";
export type { Loaded } from "./load.ts";
export { ConfError, type ConfProblem, formatProblem } from "./problem.ts";
export { formatServerAddress, parseServerAddress, type ServerAddress } from "./server-address.ts";
export {
  type AccessLogSettings,
  type ClientSettings,
  clientDefaults,
  type LogSettings,
  loadClientConf,
  loadStorageConf,
  loadTrackerConf,
  type StorageSettings,
  type StorePathSetting,
  storageDefaults,
  type TrackerSettings,
  trackerDefaults,
} from "./settings.ts";
export { loadStorageIds, parseStorageIds, type StorageIdEntry } from "./storage-ids.ts";
export { formatReservedSpace, formatTimeOfDay, type ReservedSpace, readReservedSpace, readSize } from "./units.ts";
