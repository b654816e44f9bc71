// Configuration of the servers under test, the same text for both makers. Values are small so that a cluster is up within
// seconds and notices a death at once; nothing here is advice for production.

interface CommonConf {
  readonly host: string;
  readonly port: number;
  readonly basePath: string;
  /** Whole lines, put in place of lines here with the same key. */
  readonly lines: readonly string[];
}

export interface StorageConf extends CommonConf {
  readonly groupName: string;
  /** `host:port` of each. */
  readonly trackers: readonly string[];
  readonly storePaths: readonly string[];
}

const COMMON = ["connect_timeout = 2", "network_timeout = 10", "max_connections = 256", "log_level = info"];

export function trackerConf(conf: CommonConf): string {
  return text(conf, [
    ...COMMON,
    "work_threads = 2",
    "store_lookup = 0",
    "reserved_storage_space = 1%",
    "check_active_interval = 10",
    "thread_stack_size = 512KB",
  ]);
}

export function storageConf(conf: StorageConf): string {
  return text(conf, [
    ...COMMON,
    `group_name = ${conf.groupName}`,
    "client_bind = true",
    "heart_beat_interval = 1",
    "stat_report_interval = 2",
    "buff_size = 128KB",
    "work_threads = 2",
    "sync_wait_msec = 20",
    "sync_interval = 0",
    "write_mark_file_freq = 100",
    `store_path_count = ${conf.storePaths.length}`,
    ...conf.storePaths.map((path, index) => `store_path${index} = ${path}`),
    "subdir_count_per_path = 4",
    ...conf.trackers.map((tracker) => `tracker_server = ${tracker}`),
    "sync_binlog_buff_interval = 1",
    "sync_stat_file_interval = 2",
    "thread_stack_size = 512KB",
  ]);
}

function text({ host, port, basePath, lines }: CommonConf, defaults: readonly string[]): string {
  const keyOf = (line: string): string => line.split("=")[0]!.trim();
  const replaced = new Set(lines.map(keyOf));
  const address = [`bind_addr = ${host}`, `port = ${port}`, `base_path = ${basePath}`];
  return [...address, ...defaults.filter((line) => !replaced.has(keyOf(line))), ...lines, ""].join("\n");
}
