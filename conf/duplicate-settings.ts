// Which index of duplicates a storage's settings come to, and the rules between their keys (trunk-dedup-recovery.md §2.1,
// §2.8). Where C refuses a file that our storage has no reason to refuse, it loads.

import type { RedisAddress } from "./duplicate-kinds.ts";
import type { Report } from "./report.ts";
import type { ServerAddress } from "./server-address.ts";
import type { ValuesOf } from "./setting.ts";
import type { duplicateSettings } from "./table/duplicates.ts";

type Values = ValuesOf<typeof duplicateSettings>;

/** Who remembers the contents, and where. */
export type DuplicateIndexPlace =
  | { readonly kind: "embedded" }
  /** By group. */
  | { readonly kind: "fastdht"; readonly groups: readonly (readonly ServerAddress[])[]; readonly keepAlive: boolean }
  | { readonly kind: "redis"; readonly server: RedisAddress };

const NAMESPACE_MAX = 64;

/** null: duplicates are not looked for. The settings must have passed `checkDuplicateSearch`. */
export function duplicateIndexPlace(settings: Values): DuplicateIndexPlace | null {
  if (!settings.checkFileDuplicate) return null;
  const kind = chosenKind(settings);
  if (kind === "fastdht") {
    const groups = Array.from({ length: settings.fdhtGroupCount }, (_, group) => settings.fdhtServers.get(group) ?? []);
    return { kind, groups, keepAlive: settings.keepAlive };
  }
  return kind === "redis" ? { kind, server: settings.redisServer! } : { kind };
}

function chosenKind({ duplicateIndex, fdhtGroupCount }: Values): "embedded" | "fastdht" | "redis" {
  if (duplicateIndex !== "auto") return duplicateIndex;
  return fdhtGroupCount > 0 ? "fastdht" : "embedded";
}

/** Reports what makes the search impossible, or different from what the file seems to say. */
export function checkDuplicateSearch(settings: Values, report: Report): void {
  if (!settings.checkFileDuplicate) return;
  const kind = chosenKind(settings);
  const why = "check_file_duplicate is on";
  const { keyNamespace, fdhtGroupCount, fdhtServers } = settings;
  if (keyNamespace === "") report.failKey("key_namespace", `empty, and ${why}`, { remedy: "write a name or no line" });
  if (new TextEncoder().encode(keyNamespace).length > NAMESPACE_MAX) {
    report.warnKey("key_namespace", `only the first ${NAMESPACE_MAX} bytes are used`);
  }
  if (kind === "redis" && settings.redisServer === null) {
    const remedy = "write redis_server = host:port";
    report.failKey("redis_server", "the key is missing, and duplicate_index is redis", { remedy });
  }
  if (kind !== "fastdht") {
    if (fdhtGroupCount > 0) report.warnKey("group_count", `not used: duplicate_index is ${kind}`);
    return;
  }
  if (fdhtGroupCount === 0) {
    const remedy = "#include the fdht_servers.conf of the FastDHT servers";
    report.failKey("group_count", "no FastDHT servers are given, and duplicate_index is fastdht", { remedy });
  }
  for (let group = 0; group < fdhtGroupCount; group++) {
    if ((fdhtServers.get(group)?.length ?? 0) > 0) continue;
    report.failKey(`group${group}`, `no server is given, and group_count is ${fdhtGroupCount}`);
  }
}
