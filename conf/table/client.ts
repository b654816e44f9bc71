// Every key of client.conf (http-config-tools.md §2.1) and those that other clients read from the same file (§5.2), which
// are known and mean nothing to our commands.

import { trackerServers } from "../address-kinds.ts";
import { bool, choice, logLevel, path, text } from "../kinds.ts";
import { integer } from "../number-kinds.ts";
import type { ConfTable } from "../setting.ts";
import { connectTimeoutSeconds, networkTimeoutSeconds, poolSettings } from "./common.ts";

const forJava = "only the Java client reads it";
const forWeb = "only the web server's module reads it";

const connectFirstBy = choice<"tracker" | "last">({
  key: "connect_first_by",
  values: { tracker: "tracker", "last-connected": "last" },
  default: "tracker",
  otherwise: "tracker",
  since: "6.11",
  doc: "Which of a storage's two addresses is tried first: the one the tracker gave, or the one that worked last.",
});

export const clientTable = {
  name: "client",
  global: {
    connectTimeoutSeconds,
    networkTimeoutSeconds: networkTimeoutSeconds(30),
    basePath: path({
      key: "base_path",
      default: "/tmp",
      doc: "Folder for logs of C programs. Our commands write none: the folder need not exist.",
      example: "/tmp",
    }),
    trackerServers: trackerServers({
      key: "tracker_server",
      doc: "A tracker, host:port; once for each tracker. Two addresses of one tracker are separated by a comma, IPv6 stands in brackets.",
      example: ["192.168.0.11:22122", "192.168.0.12:22122"],
    }),
    logLevel: logLevel({
      key: "log_level",
      doc: "Least severe messages shown: emerg, alert, crit, error, warn, notice, info or debug.",
    }),
    connectFirstBy: {
      ...connectFirstBy,
      // C takes every word that starts with "last".
      parse: (values, reporter) =>
        values.at(-1)!.text.toLowerCase().startsWith("last") ? "last" : connectFirstBy.parse(values, reporter),
    } as typeof connectFirstBy,
    ...poolSettings,
    loadFdfsParametersFromTracker: bool({
      key: "load_fdfs_parameters_from_tracker",
      default: false,
      since: "4.05",
      doc: "Ask a tracker whether storage numbers are in use and for their table.",
    }),
    useStorageId: bool({
      key: "use_storage_id",
      default: false,
      since: "4.05",
      doc: "Storage numbers are in use, as in tracker.conf. Only read with load_fdfs_parameters_from_tracker = false.",
    }),
    storageIdsFilename: text({
      key: "storage_ids_filename",
      kind: "path",
      since: "4.05",
      allowed: "a path, relative to the folder of this file",
      doc: "The table of storage numbers, relative to the folder of this file. Only with use_storage_id.",
      example: "storage_ids.conf",
    }),
    antiStealCheckToken: bool({
      key: "http.anti_steal.check_token",
      default: false,
      doc: "Show URLs with an access token.",
    }),
    antiStealSecretKey: text({
      key: "http.anti_steal.secret_key",
      doc: "Secret that access tokens are made with, the same as the web server's.",
      example: "FastDFS1234567890",
    }),
    httpAntiStealTokenTtlSeconds: integer({
      key: "http.anti_steal.token_ttl",
      default: 600,
      min: 1,
      noMeaning: forWeb,
      doc: "How long an access token is good.",
    }),
    httpAntiStealTokenCheckFail: text({
      key: "http.anti_steal.token_check_fail",
      noMeaning: forWeb,
      doc: "File that is sent for a wrong token.",
    }),
    httpDefaultContentType: text({ key: "http.default_content_type", noMeaning: forWeb, doc: "Default MIME type." }),
    httpMimeTypesFilename: text({ key: "http.mime_types_filename", noMeaning: forWeb, doc: "Table of MIME types." }),
    httpMultiRangeEnabled: bool({
      key: "http.multi_range.enabled",
      default: true,
      noMeaning: forWeb,
      doc: "Serve several ranges in one answer.",
    }),
    httpNeedFindContentType: bool({
      key: "http.need_find_content_type",
      default: true,
      noMeaning: forWeb,
      doc: "Find MIME types by extension.",
    }),
    httpTrackerServerPort: integer({
      key: "http.tracker_server_port",
      default: 80,
      noMeaning: "FastDFS has had no web server of its own since version 4.05",
      doc: "Port of the tracker's web server.",
    }),
    httpTrackerHttpPort: integer({
      key: "http.tracker_http_port",
      default: 80,
      noMeaning: forJava,
      doc: "Port of the tracker's web server.",
    }),
    httpAntiStealToken: bool({ key: "http.anti_steal_token", default: false, noMeaning: forJava, doc: "Use tokens." }),
    httpSecretKey: text({ key: "http.secret_key", noMeaning: forJava, doc: "Secret of the tokens." }),
    charset: text({ key: "charset", noMeaning: forJava, doc: "Encoding of names and metadata." }),
    connectionPoolEnabled: bool({
      key: "connection_pool.enabled",
      default: true,
      noMeaning: forJava,
      doc: "Keep connections.",
    }),
    connectionPoolMaxCountPerEntry: integer({
      key: "connection_pool.max_count_per_entry",
      default: 100,
      noMeaning: forJava,
      doc: "Most connections to a server.",
    }),
    connectionPoolMaxIdleTime: integer({
      key: "connection_pool.max_idle_time",
      default: 3600,
      noMeaning: forJava,
      doc: "Longest idle time of a connection, in seconds.",
    }),
    connectionPoolMaxWaitTimeInMs: integer({
      key: "connection_pool.max_wait_time_in_ms",
      default: 1000,
      noMeaning: forJava,
      doc: "Longest wait for a free connection.",
    }),
    fetchStorageIdsHaveAllowEmptyField: bool({
      key: "fetch_storage_ids.have_allow_empty_field",
      default: true,
      noMeaning: forJava,
      doc: "Ask for storage numbers in the newer form.",
    }),
  },
  sections: {},
} as const satisfies ConfTable;
