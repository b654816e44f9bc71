// clusterText against the text of the C release's fdfs_monitor as the protocol document shows it
// (http-config-tools.md §4.3, captured from a running 6.16.1), byte for byte.

import { describe, expect, test } from "bun:test";
import { clusterText, formatHost, syncDelaySeconds } from "../../../../cmd/render/cluster-text.ts";
import { at, documentStat, group, storage } from "./fixtures.ts";

const first = storage({}, documentStat);
const second = storage({ id: "127.0.0.94", ipAddress: "127.0.0.94" }, { lastSourceUpdate: at("03:50:53") });

const documentText = `group count: 1

Group 1:
group name = group1
disk total space     =  252 GB
disk free space      =   68 GB
disk reserved space  =  2.5 GB
disk available space =   66 GB
storage server count = 2
readable server count = 2
writable server count = 2
storage server port = 23801
store path count = 1
subdir count per path = 8
current write server index = 0

	Storage 1:
		id = 127.0.0.93
		host = 127.0.0.93:23801  ACTIVE
		read write mode = both (normal)
		version = 6.16.1
		join time = 2026-11-21 03:50:04
		up time = 2026-11-21 03:50:04
		disk total space     =  252 GB
		disk free space      =   69 GB
		disk reserved space  =  2.5 GB
		disk available space =   67 GB
		upload priority = 10
		store_path_count = 1
		subdir_count_per_path = 8
		current_write_path = 0
		source storage id = 
		if_trunk_server = 0
		connection.alloc_count = 64
		connection.current_count = 2
		connection.max_count = 3
		total_upload_count = 4
		success_upload_count = 4
		total_append_count = 1
		success_append_count = 1
		total_modify_count = 0
		success_modify_count = 0
		total_truncate_count = 0
		success_truncate_count = 0
		total_set_meta_count = 2
		success_set_meta_count = 2
		total_delete_count = 0
		success_delete_count = 0
		total_download_count = 0
		success_download_count = 0
		total_get_meta_count = 0
		success_get_meta_count = 0
		total_create_link_count = 0
		success_create_link_count = 0
		total_delete_link_count = 0
		success_delete_link_count = 0
		total_upload_bytes = 6028
		success_upload_bytes = 6028
		total_append_bytes = 14
		success_append_bytes = 14
		total_modify_bytes = 0
		success_modify_bytes = 0
		stotal_download_bytes = 0
		success_download_bytes = 0
		total_sync_in_bytes = 6126
		success_sync_in_bytes = 6126
		total_sync_out_bytes = 0
		success_sync_out_bytes = 0
		total_file_open_count = 14
		success_file_open_count = 14
		total_file_read_count = 3
		success_file_read_count = 3
		total_file_write_count = 11
		success_file_write_count = 11
		last_heart_beat_time = 2026-11-21 03:51:08
		last_source_update = 2026-11-21 03:50:52
		last_sync_update = 2026-11-21 03:51:04
		last_synced_timestamp = 2026-11-21 03:50:53 (0 second delay)
`;

test("the document's example comes out byte for byte", () => {
  const text = clusterText([{ group: group(), storages: [first, second] }], null);
  expect(text.slice(0, text.indexOf("\tStorage 2:"))).toBe(documentText);
});

describe("group block", () => {
  const head = (text: string): string => text.slice(0, text.indexOf("\tStorage 1:"));

  test("one group named: no count, no number", () => {
    const text = clusterText([{ group: group(), storages: [first] }], "group1");
    expect(text.startsWith("group name = group1\n")).toBe(true);
  });
  test("an unknown group prints nothing", () => expect(clusterText([{ group: group(), storages: [] }], "no")).toBe(""));
  test("no group at all", () => expect(clusterText([], null)).toBe("group count: 0\n"));
  test("trunk mode adds three lines", () => {
    const state = group({ currentTrunkFileId: 1, trunkFreeMb: 3 });
    const members = [storage({ id: "100001", isTrunkServer: true }, {})];
    const text = head(clusterText([{ group: state, storages: members }], "group1"));
    expect(text).toContain("disk available space =   66 GB\ntrunk free space =  3.0 MB\nstorage server count");
    expect(text).toEndWith("\ncurrent trunk server = 100001 (127.0.0.93)\ncurrent trunk file id = 1\n\n");
  });
  test("trunk mode without a trunk server has no such lines", () => {
    const text = head(clusterText([{ group: group({ currentTrunkFileId: 0 }), storages: [first] }], "group1"));
    expect(text).toEndWith("current write server index = 0\n\n");
  });
});

describe("synchronisation delay", () => {
  const delay = (own: number, other: number): string =>
    clusterText(
      [
        {
          group: group(),
          storages: [storage({}, { lastSyncedTimestamp: own }), storage({ id: "b" }, { lastSourceUpdate: other })],
        },
      ],
      "group1",
    )
      .split("\n")
      .find((line) => line.includes("last_synced_timestamp"))!
      .replace(/^.*\d\d:\d\d:\d\d ?/, "");
  test("nothing when no other member ever had an update", () => expect(delay(5, 0)).toBe(""));
  test("never synced", () => expect(delay(0, 5)).toBe("(never synced)"));
  test("behind", () => expect(delay(1000, 1061)).toBe("(1 minute 1 second delay)"));
  test("ahead counts as level", () => expect(delay(1061, 1000)).toBe("(0 second delay)"));
  test("as a number", () => expect(syncDelaySeconds(first, [first, second])).toBe(0));
});

test("up time is empty while the storage is down, other zero times are the epoch", () => {
  const text = clusterText([{ group: group(), storages: [storage({ upTime: 0, joinTime: 0 })] }], "group1");
  expect(text).toContain("\t\tup time = \n");
  expect(text).toMatch(/\t\tjoin time = (1970|1969)-/);
});

test("IPv6 hosts stand in brackets", () => {
  expect(formatHost("fe80::1")).toBe("[fe80::1]");
  expect(formatHost("10.0.0.1")).toBe("10.0.0.1");
});

test("available space is never negative", () => {
  const text = clusterText([{ group: group({ freeMb: 1, reservedMb: 5 }), storages: [] }], "group1");
  expect(text).toContain("disk available space =    0  B\n");
});
