// Every key of storage.conf (storage.md §8.2, C: storage_func_init) but those of copying (storage-sync.ts) and of
// duplicates (duplicates.ts). Rules between keys are in storage-settings.ts.

import { availableParallelism } from "node:os";
import { trackerServers } from "../address-kinds.ts";
import { bool, numbered, path, text } from "../kinds.ts";
import { integer, seconds, size } from "../number-kinds.ts";
import type { ConfTable } from "../setting.ts";
import {
  basePath,
  checkGroupName,
  connectTimeoutSeconds,
  disabled,
  engineSettings,
  groupNameAllowed,
  identitySettings,
  listenSettings,
  networkTimeoutSeconds,
  poolSettings,
} from "./common.ts";
import { duplicateSettings } from "./duplicates.ts";
import { accessLogSection, errorLogSection } from "./log.ts";
import { storageSyncSettings } from "./storage-sync.ts";

const diskWork = "disk work is done by the worker that serves the connection";

export const storageTable = {
  name: "storage",
  global: {
    disabled,
    groupName: text({
      key: "group_name",
      kind: "group name",
      allowed: groupNameAllowed,
      check: checkGroupName,
      example: "group1",
      isSetInSample: true,
      doc: "The group this storage belongs to. Without it a tracker is asked, which needs use_storage_id there.",
    }),
    ...listenSettings(23000),
    clientBind: bool({
      key: "client_bind",
      default: true,
      doc: "Connect to other servers from bind_addr.",
    }),
    serverId: text({
      key: "server_id",
      since: "6.11",
      allowed: "a number from storage_ids.conf",
      doc: "This storage's number, where trackers see another address than its own (NAT). Only with use_storage_id and trust_storage_server_id on the tracker.",
      example: "100001",
    }),
    connectTimeoutSeconds,
    networkTimeoutSeconds: networkTimeoutSeconds(30),
    heartBeatIntervalSeconds: seconds({
      key: "heart_beat_interval",
      default: 30,
      min: 1,
      doc: "How often a sign of life goes to the trackers.",
    }),
    statReportIntervalSeconds: seconds({
      key: "stat_report_interval",
      default: 300,
      min: 1,
      doc: "How often free space is reported to the trackers.",
    }),
    basePath: { ...basePath, example: "/var/lib/fdfs/storage" },
    ...engineSettings,
    workThreads: integer({
      key: "work_threads",
      default: () => availableParallelism(),
      defaultText: "number of CPUs",
      example: "4",
      min: 1,
      max: 1024,
      outside: "fail",
      since: "2.00",
      doc: "Workers that serve connections.",
    }),
    buffSizeBytes: size({
      key: "buff_size",
      default: 256 * 1024,
      min: 8 * 1024,
      outside: "clamp",
      since: "2.00",
      doc: "Size of the pieces in which files are received and sent. C storage servers of 6.16 refuse less than 65546 bytes, also 64KB; here 8KB is enough.",
    }),
    diskRwSeparated: bool({
      key: "disk_rw_separated",
      default: true,
      since: "2.00",
      noMeaning: diskWork,
      doc: "Separate threads for reading and writing.",
    }),
    diskReaderThreads: integer({
      key: "disk_reader_threads",
      default: 1,
      min: 0,
      outside: "fail",
      since: "2.00",
      noMeaning: diskWork,
      doc: "Reading threads for each store path.",
    }),
    diskWriterThreads: integer({
      key: "disk_writer_threads",
      default: 1,
      min: 0,
      outside: "fail",
      since: "2.00",
      noMeaning: diskWork,
      doc: "Writing threads for each store path.",
    }),
    ...storageSyncSettings,
    storePathCount: integer({
      key: "store_path_count",
      default: 1,
      min: 1,
      max: 256,
      outside: "fail",
      doc: "Number of store paths.",
    }),
    storePaths: numbered(
      path({
        key: "store_path{N}",
        required: true,
        doc: "Folder where files are stored, N from 0. It must exist. The order of the paths is part of file IDs: never change it. store_path0 is base_path when it is left out.",
        example: "/var/lib/fdfs/storage",
      }),
      /^store_path(\d{1,3})$/,
    ),
    storePathReadonly: numbered(
      bool({
        key: "store_path{N}_readonly",
        default: false,
        since: "6.13",
        doc: "true: no new files go to this store path; those on it can be read.",
      }),
      /^store_path(\d{1,3})_readonly$/,
    ),
    subdirCountPerPath: integer({
      key: "subdir_count_per_path",
      default: 256,
      min: 1,
      max: 256,
      outside: "fail",
      doc: "Folders on each of the two levels under a store path.",
    }),
    trackerServers: trackerServers({
      key: "tracker_server",
      warnLoopback: true,
      doc: "A tracker, host:port; once for each tracker. Two addresses of one tracker are separated by a comma, IPv6 stands in brackets.",
      example: ["192.168.0.11:22122", "192.168.0.12:22122"],
    }),
    ...identitySettings,
    fileDistributePathMode: integer({
      key: "file_distribute_path_mode",
      default: 0,
      doc: "How folders are chosen for new files. 0: one after the other; else by hash.",
    }),
    fileDistributeRotateCount: integer({
      key: "file_distribute_rotate_count",
      default: 100,
      min: 1,
      doc: "Files put into one folder before the next one is taken, with file_distribute_path_mode = 0.",
    }),
    fsyncAfterWrittenBytes: size({
      key: "fsync_after_written_bytes",
      default: 0,
      invalid: "fail",
      noMeaning: "C FastDFS reads it and does nothing with it either; see durability",
      doc: "Write to the disk after this many bytes.",
    }),
    uploadPriority: integer({
      key: "upload_priority",
      default: 10,
      doc: "Rank among the storages of the group for store_server = 2 of the tracker; the lowest takes the uploads.",
    }),
    ifAliasPrefix: text({
      key: "if_alias_prefix",
      noMeaning: "all network interfaces are looked at",
      doc: "Prefix of network interface names.",
    }),
    checkStorePathMark: bool({
      key: "check_store_path_mark",
      default: true,
      since: "6.03",
      doc: "Refuse a store path that carries the mark of another storage or another index.",
    }),
    ...duplicateSettings,
    ...poolSettings,
  },
  sections: { errorLog: errorLogSection, accessLog: accessLogSection },
} as const satisfies ConfTable;
