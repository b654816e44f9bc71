// Keys of older FastDFS versions that tutorials still show (http-config-tools.md §1.9). They load, do nothing, and are
// reported with what took their place.

import type { ConfKind } from "../setting.ts";

export interface FormerKey {
  readonly pattern: RegExp;
  /** Keys now, or why there are none. */
  readonly now: string;
  readonly files: readonly ConfKind[];
}

const servers: readonly ConfKind[] = ["tracker", "storage"];
const noWebServer = "the servers have no web server since FastDFS 4.05; remove the line";

export const formerKeys: readonly FormerKey[] = [
  {
    pattern: /^rotate_error_log$/,
    now: "use log_file_rotate_everyday (in [error-log] for this log only)",
    files: servers,
  },
  {
    pattern: /^error_log_rotate_time$/,
    now: "use log_file_rotate_time (in [error-log] for this log only)",
    files: servers,
  },
  {
    pattern: /^rotate_error_log_size$/,
    now: "use log_file_rotate_on_size (in [error-log] for this log only)",
    files: servers,
  },
  { pattern: /^log_file_keep_days_before$/, now: "use log_file_keep_days", files: servers },
  { pattern: /^use_access_log$/, now: "write enabled = true into section [access-log]", files: ["storage"] },
  { pattern: /^rotate_access_log$/, now: "use log_file_rotate_everyday in section [access-log]", files: ["storage"] },
  { pattern: /^access_log_rotate_time$/, now: "use log_file_rotate_time in section [access-log]", files: ["storage"] },
  {
    pattern: /^rotate_access_log_size$/,
    now: "use log_file_rotate_on_size in section [access-log]",
    files: ["storage"],
  },
  { pattern: /^compress_old_(error|access)_log$/, now: "use log_file_compress_old", files: servers },
  { pattern: /^compress_(error|access)_log_days_before$/, now: "use log_file_compress_days_before", files: servers },
  { pattern: /^disk_rw_direct$/, now: "it is gone; remove the line", files: ["storage"] },
  { pattern: /^max_threads$/, now: "use max_connections and work_threads", files: servers },
  { pattern: /^http\./, now: noWebServer, files: servers },
];
