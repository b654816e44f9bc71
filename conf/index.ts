// The settings room's door.

export type { AllowedHosts } from "./allow-hosts.ts";
export { type ClientSettings, clientDefaults, loadClientConf } from "./client-settings.ts";
export { parseConfText } from "./document.ts";
export type { RedisAddress } from "./duplicate-kinds.ts";
export { type DuplicateIndexPlace, duplicateIndexPlace } from "./duplicate-settings.ts";
export { guessSettingsFile, type Inspection, inspectConf } from "./inspect.ts";
export type { Loaded } from "./loaded.ts";
export { ConfError, type ConfProblem, formatProblem } from "./problem.ts";
export { type SettingsFile, sampleConf, settingsFiles } from "./sample.ts";
export { formatServerAddress, parseServerAddress, type ServerAddress } from "./server-address.ts";
export { loadStorageIds, parseStorageIds, type StorageIdEntry } from "./storage-ids.ts";
export {
  type AccessLogSettings,
  loadStorageConf,
  type StorageSettings,
  type StorePathSetting,
  storageDefaults,
} from "./storage-settings.ts";
export { type LogSettings, loadTrackerConf, type TrackerSettings, trackerDefaults } from "./tracker-settings.ts";
export {
  formatReservedSpace,
  formatTimeOfDay,
  type ReservedSpace,
  readReservedSpace,
  readSize,
  readTimeOfDay,
} from "./units.ts";
