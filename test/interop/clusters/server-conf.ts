/**
 * Configuration files for servers under test: the same text is given to the C programs and to ours.
 * Values are small so that a cluster is up within seconds; nothing here is advice for production.
 */
import type { ClusterOptions } from "./cluster.ts";

export interface TrackerConf {
  readonly host: string;
  readonly port: number;
  readonly basePath: string;
  readonly options: ClusterOptions;
}

export interface StorageConf extends TrackerConf {
  readonly groupName: string;
  /** `host:port` of each. */
  readonly trackers: readonly string[];
  readonly storePaths: readonly string[];
}

export function trackerConf(conf: TrackerConf): string {
  return `disabled = false
bind_addr = ${conf.host}
port = ${conf.port}
connect_timeout = 5
network_timeout = 30
base_path = ${conf.basePath}
max_connections = 256
work_threads = 2
store_lookup = 0
store_group = group1
store_server = 0
store_path = 0
download_server = 0
reserved_storage_space = 1%
log_level = info
allow_hosts = *
sync_log_buff_interval = 1
check_active_interval = 20
thread_stack_size = 512KB
storage_sync_file_max_delay = 86400
storage_sync_file_max_time = 300
use_trunk_file = false
save_interval = 5
${conf.options.extraTrackerConf ?? ""}
`;
}

export function storageConf(conf: StorageConf): string {
  const paths = conf.storePaths.map((path, index) => `store_path${index} = ${path}`).join("\n");
  return `disabled = false
group_name = ${conf.groupName}
bind_addr = ${conf.host}
client_bind = true
port = ${conf.port}
connect_timeout = 5
network_timeout = 30
heart_beat_interval = 1
stat_report_interval = 1
base_path = ${conf.basePath}
max_connections = 256
buff_size = 128KB
work_threads = 2
disk_reader_threads = 1
disk_writer_threads = 1
sync_wait_msec = 20
sync_interval = 0
write_mark_file_freq = 50
store_path_count = ${conf.storePaths.length}
${paths}
subdir_count_per_path = 4
${trackerLines(conf.trackers)}
log_level = info
allow_hosts = *
file_distribute_path_mode = 0
file_distribute_rotate_count = 100
sync_log_buff_interval = 1
sync_binlog_buff_interval = 1
sync_stat_file_interval = 2
thread_stack_size = 512KB
upload_priority = 10
check_file_duplicate = 0
use_access_log = true
${conf.options.extraStorageConf ?? ""}
`;
}

export function clientConf(basePath: string, trackers: readonly string[]): string {
  return `connect_timeout = 5
network_timeout = 30
base_path = ${basePath}
${trackerLines(trackers)}
log_level = info
`;
}

function trackerLines(trackers: readonly string[]): string {
  return trackers.map((tracker) => `tracker_server = ${tracker}`).join("\n");
}
