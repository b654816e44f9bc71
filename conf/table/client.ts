// Every key of client.conf (http-config-tools.md §2.1).

import { bool, int, logLevel, serverAddresses, text, word } from "../kind.ts";

export const clientTable = {
  connectTimeoutSeconds: int({ key: "connect_timeout", default: 10, min: 1, doc: "Seconds to wait for a connection." }),
  networkTimeoutSeconds: int({
    key: "network_timeout",
    default: 30,
    min: 1,
    doc: "Seconds without progress after which a transfer fails.",
  }),
  basePath: text({
    key: "base_path",
    default: "/tmp",
    doc: "Folder of logs.",
    without: "the commands write no log files",
  }),
  trackerServers: serverAddresses({
    key: "tracker_server",
    required: true,
    defaultPort: 22122,
    doc: "A tracker, host:port; one line each.",
    sample: "192.168.0.196:22122",
  }),
  logLevel: logLevel({ key: "log_level", default: "INFO", doc: "How much is said on standard error." }),
  connectFirstBy: word({
    key: "connect_first_by",
    default: "tracker",
    words: { tracker: "tracker", last: "last", "last-connected": "last" },
    doc: "Which address of a storage with two is tried first: the tracker's choice or the last that worked.",
  }),
  useConnectionPool: bool({
    key: "use_connection_pool",
    default: false,
    doc: "Keep connections.",
    without: "they are always kept",
  }),
  connectionPoolMaxIdleSeconds: int({
    key: "connection_pool_max_idle_time",
    default: 3600,
    min: 1,
    outside: "fail",
    doc: "Seconds a connection is kept idle.",
  }),
  loadFdfsParametersFromTracker: bool({
    key: "load_fdfs_parameters_from_tracker",
    default: false,
    doc: "Ask a tracker for use_storage_id and the ids.",
  }),
  useStorageId: bool({ key: "use_storage_id", default: false, doc: "Storages have ids of their own." }),
  storageIdsFilename: text({
    key: "storage_ids_filename",
    default: "",
    doc: "The file of ids, beside this one or absolute.",
    sample: "storage_ids.conf",
  }),
  antiStealCheckToken: bool({ key: "http.anti_steal.check_token", default: false, doc: "Print URLs with a token." }),
  antiStealSecretKey: text({ key: "http.anti_steal.secret_key", default: "", doc: "Key of those tokens." }),
};
