// The data files of a tracker that knows many storages already (tracker.md §8), by hand. A C tracker sleeps a second
// whenever a new storage makes one of its lists grow, so 3,000 that join for the first time would take it many minutes.

export interface KnownGroup {
  readonly name: string;
  readonly addresses: readonly string[];
}

const OFFLINE = 5;

/** Texts by file name below `data/`. */
export function trackerState(groups: readonly KnownGroup[], port: number, version: string): Record<string, string> {
  const number = (index: number): string => String(index + 1).padStart(3, "0");
  const items = (values: Record<string, string | number>): string =>
    Object.entries(values)
      .map(([key, value]) => `\t${key}=${value}\n`)
      .join("");
  const layout = { store_path_count: 1, subdir_count_per_path: 256 };
  const groupTexts = groups.map(({ name }, index) => {
    const trunk = { current_trunk_file_id: 0, trunk_server: "", last_trunk_server: "" };
    const text = items({ group_name: name, storage_port: port, ...layout, ...trunk });
    return `\n# group: ${name}\n[Group${number(index)}]\n${text}`;
  });
  const storages = groups.flatMap(({ name, addresses }) => addresses.map((address) => ({ name, address })));
  const storageTexts = storages.map(({ name, address }, index) => {
    const who = { group_name: name, ip_addr: address, status: OFFLINE, version, join_time: 1_700_000_000 };
    const rest = { storage_port: port, total_mb: 0, free_mb: 0, changelog_offset: 0, ...layout, upload_priority: 10 };
    return `# storage: ${address}:${port}\n[Storage${number(index)}]\n${items({ ...who, ...rest })}\n`;
  });
  return {
    "storage_groups_new.dat": `[Global]\n\tgroup_count=${groups.length}\n${groupTexts.join("")}\n`,
    "storage_servers_new.dat": `${storageTexts.join("")}\n[Global]\n\tstorage_count=${storages.length}\n`,
  };
}
