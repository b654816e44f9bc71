// Every key of tracker.conf (tracker.md §9.2, C: tracker_load_from_conf_file). Rules between keys are in
// tracker-settings.ts.

import { bool, choice, mode, reservedSpace, text } from "../kinds.ts";
import { integer, seconds, size } from "../number-kinds.ts";
import type { ConfTable } from "../setting.ts";
import {
  basePath,
  connectTimeoutSeconds,
  disabled,
  engineSettings,
  groupNameAllowed,
  identitySettings,
  listenSettings,
  networkTimeoutSeconds,
  poolSettings,
} from "./common.ts";
import { errorLogSection } from "./log.ts";
import { trunkSettings } from "./trunk.ts";

const oneBufferPerMessage = "a buffer grows to the message it holds and is bounded by buff_size";

export const trackerTable = {
  name: "tracker",
  global: {
    disabled,
    ...listenSettings(22122),
    responseIpAddrSize: choice<"auto" | "IPv6">({
      key: "response_ip_addr_size",
      values: { auto: "auto", IPv6: "IPv6" },
      default: "auto",
      otherwise: "IPv6",
      since: "6.15",
      doc: "Size of IP addresses in answers. auto: 46 bytes when storage_ids.conf has an IPv6 address, else 16, which old clients need. IPv6: always 46.",
    }),
    connectTimeoutSeconds,
    networkTimeoutSeconds: networkTimeoutSeconds(60),
    basePath: { ...basePath, example: "/var/lib/fdfs/tracker" },
    ...engineSettings,
    workThreads: integer({
      key: "work_threads",
      default: 4,
      min: 1,
      outside: "fail",
      since: "2.00",
      noMeaning: "the tracker answers from one event loop",
      doc: "Threads that serve connections.",
    }),
    minBuffSizeBytes: size({
      key: "min_buff_size",
      default: 64 * 1024,
      min: 4 * 1024,
      outside: "clamp",
      noMeaning: oneBufferPerMessage,
      doc: "First size of a network buffer.",
    }),
    maxBuffSizeBytes: size({
      key: "max_buff_size",
      default: 256 * 1024,
      min: 8 * 1024,
      outside: "clamp",
      noMeaning: oneBufferPerMessage,
      doc: "Last size of a network buffer.",
    }),
    buffSizeBytes: size({
      key: "buff_size",
      default: 256 * 1024,
      min: 8 * 1024,
      outside: "clamp",
      doc: "Longest message that is accepted.",
    }),
    storeLookup: mode<0 | 1 | 2>({
      key: "store_lookup",
      values: [0, 1, 2],
      default: 0,
      doc: "How the group for an upload is chosen. 0: in turn; 1: the group of store_group; 2: the group with the most free space.",
    }),
    storeGroup: text({
      key: "store_group",
      doc: "The group for uploads with store_lookup = 1.",
      example: "group1",
      allowed: groupNameAllowed,
      kind: "group name",
    }),
    storeServer: mode<0 | 1 | 2>({
      key: "store_server",
      values: [0, 1, 2],
      default: 0,
      otherwise: 0,
      doc: "How the server within the group is chosen. 0: in turn; 1: the first by address; 2: the first by upload_priority.",
    }),
    storePath: mode<0 | 2>({
      key: "store_path",
      values: [0, 2],
      default: 0,
      otherwise: 0,
      doc: "How the store path on the server is chosen. 0: in turn; 2: the one with the most free space.",
    }),
    downloadServer: mode<0 | 1>({
      key: "download_server",
      values: [0, 1],
      default: 0,
      otherwise: 0,
      doc: "Which server a file is read from. 0: all in turn; 1: the one it was uploaded to.",
    }),
    reservedStorageSpace: reservedSpace({
      key: "reserved_storage_space",
      since: "4.00 for percentages",
      doc: "Space that stays free. A size counts for the sum of a server's store paths, a percentage for each path. A group with less takes no uploads.",
    }),
    ...identitySettings,
    checkActiveIntervalSeconds: seconds({
      key: "check_active_interval",
      default: 100,
      min: 1,
      doc: "A storage not heard of for this long counts as offline. More than the storages' heart_beat_interval.",
    }),
    storageIpChangedAutoAdjust: bool({
      key: "storage_ip_changed_auto_adjust",
      default: true,
      doc: "Let a storage that comes back under another address keep its place.",
    }),
    storageSyncFileMaxDelaySeconds: seconds({
      key: "storage_sync_file_max_delay",
      default: 86400,
      min: 1,
      since: "2.00",
      doc: "After this time a file counts as copied to all storages of its group, whatever they report.",
    }),
    storageSyncFileMaxTimeSeconds: seconds({
      key: "storage_sync_file_max_time",
      default: 300,
      min: 1,
      since: "2.00",
      doc: "Longest time that copying one file takes.",
    }),
    ...trunkSettings,
    useStorageId: bool({
      key: "use_storage_id",
      default: false,
      since: "4.00",
      doc: "Name storages by the numbers of storage_ids_filename instead of their addresses. Needed for two addresses a storage and for IPv6.",
    }),
    storageIdsFilename: text({
      key: "storage_ids_filename",
      kind: "path",
      since: "4.00",
      allowed: "a path, relative to the folder of this file",
      doc: "The table of storage numbers; relative to the folder of this file. Required with use_storage_id.",
      example: "storage_ids.conf",
    }),
    idTypeInFilename: choice<"ip" | "id">({
      key: "id_type_in_filename",
      values: { ip: "ip", id: "id" },
      default: "ip",
      otherwise: "ip",
      since: "4.03",
      doc: "What new file IDs carry: the storage's address or its number. Only with use_storage_id.",
    }),
    trustStorageServerId: bool({
      key: "trust_storage_server_id",
      default: true,
      since: "6.11",
      doc: "Believe the number a storage states about itself. Only with use_storage_id.",
    }),
    storeSlaveFileUseLink: bool({
      key: "store_slave_file_use_link",
      default: false,
      since: "4.01",
      doc: "Store slave files as symbolic links.",
    }),
    updateFailover: bool({
      key: "update_failover",
      default: false,
      since: "fdfs 0.2",
      doc: "While the server that a file was uploaded to is away, let another server of the group change the file (append, modify, truncate) and its metadata, as C FastDFS does. Two copies of an appender file then differ for ever, and acknowledged changes can be lost. Off: such changes are refused with status 11 (try again) until the server is back or deleted.",
    }),
    ...poolSettings,
  },
  sections: { errorLog: errorLogSection },
} as const satisfies ConfTable;
