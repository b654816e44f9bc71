// Field sizes and limits of the protocol (tracker.md §1.3). One constant each, under the field's standard name.

export const HEADER_SIZE = 10;
export const GROUP_NAME_SIZE = 16;
export const GROUP_NAME_NUL_SIZE = 17;
export const STORAGE_ID_SIZE = 16;
export const VERSION_SIZE = 8;
export const IPV6_SIZE = 46;
export const FILE_EXT_SIZE = 6;
export const FILE_PREFIX_SIZE = 16;
export const HOST_PORT_SIZE = 52;
export const MULTI_HOST_PORT_SIZE = 100;
export const MAX_STORAGES_PER_GROUP = 32;
export const MAX_TRACKERS = 16;
export const MAX_STORE_PATHS = 256;
export const MAX_SUBDIRS = 256;
export const METADATA_NAME_MAX = 64;
export const METADATA_VALUE_MAX = 256;
/** Explicit name lengths of this value or more are EINVAL (storage.md §1.2). */
export const LOGIC_NAME_LIMIT = 128;
/** A plain name: `Mxx/HH/LL/` + 27 + 7. */
export const LOGIC_NAME_MIN = 44;
export const DEFAULT_TRACKER_PORT = 22122;
export const DEFAULT_STORAGE_PORT = 23000;
/** The version this implementation reports to peers: the C release it is compatible with. */
export const PROTOCOL_VERSION = "6.16.1";
