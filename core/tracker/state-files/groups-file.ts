// storage_groups_new.dat (tracker.md §8.1): the groups with their ports and trunk servers.

import { parseConfText } from "../../../conf/index.ts";
import type { Cluster } from "../cluster/cluster.ts";

const section = (index: number): string => `Group${String(index + 1).padStart(3, "0")}`;

export function formatGroups(cluster: Cluster): string {
  const blocks = cluster.groups.map((group, index) =>
    [
      `# group: ${group.name}`,
      `[${section(index)}]`,
      `\tgroup_name=${group.name}`,
      `\tstorage_port=${group.storagePort}`,
      `\tstore_path_count=${group.storePathCount}`,
      `\tsubdir_count_per_path=${group.subdirCountPerPath}`,
      `\tcurrent_trunk_file_id=${group.currentTrunkFileId}`,
      `\ttrunk_server=${group.trunkServerId}`,
      `\tlast_trunk_server=${group.lastTrunkServerId}`,
      "",
      "",
    ].join("\n"),
  );
  return `[Global]\n\tgroup_count=${cluster.groups.length}\n\n${blocks.join("")}`;
}

/** Adds the groups of the text to the cluster; throws a sentence when it cannot be used. */
export function readGroups(cluster: Cluster, text: string, file: string): void {
  const document = parseConfText(text, file);
  const count = Number.parseInt(document.get("group_count", "Global") ?? "", 10);
  if (!Number.isInteger(count)) throw new Error(`Cannot use ${file}: it has no group_count`);
  for (let index = 0; index < count; index++) {
    const get = (key: string): string => document.get(key, section(index)) ?? "";
    const number = (key: string): number => Number.parseInt(get(key), 10) || 0;
    const name = get("group_name");
    if (name === "") throw new Error(`Cannot use ${file}: [${section(index)}] has no group_name`);
    const group = cluster.find(name) ?? cluster.addGroup(name);
    group.storagePort = number("storage_port");
    group.storePathCount = number("store_path_count");
    group.subdirCountPerPath = number("subdir_count_per_path");
    group.currentTrunkFileId = number("current_trunk_file_id");
    group.trunkServerId = get("trunk_server");
    group.lastTrunkServerId = get("last_trunk_server");
    // The storages have forgotten it if they were restarted, too.
    if (group.trunkServerId !== "") group.trunkChanges = 1;
  }
}
