// Who is in the simulation, and where.

export const GROUP = "group1";
export const STORAGE_PORT = 23000;
export const TRACKER_PORT = 22122;
export const STORAGES = ["10.0.0.1", "10.0.0.2", "10.0.0.3"] as const;
export const TRACKERS = ["10.0.1.1", "10.0.1.2"] as const;
export const CLIENT = "10.0.2.1";
/** Unix seconds at the beginning of a run. */
export const START_SECONDS = 1_800_000_000;
/** As the settings of all simulated servers have it; shorter than usual, as the runs are. */
export const HEART_BEAT_MS = 3000;
export const CHECK_ACTIVE_SECONDS = 10;
