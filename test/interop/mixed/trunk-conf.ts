/**
 * Trunk settings for groups under test: small trunk files and slots, so that a few files show splitting, reuse and full files.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Member } from "./member.ts";
import type { MixedGroup } from "./mixed-group.ts";

export const TRUNK_FILE_BYTES = 4 * 1024 * 1024;
export const SLOT_MAX_BYTES = 64 * 1024;
export const SLOT_HEADER_BYTES = 24;
const ALIGNMENT_BYTES = 256;
/** A group's trunk server that is silent for two or three times as long is replaced. */
const CHECK_ACTIVE_SECONDS = 5;
const FIRST_ID = 100_001;

export const TRUNK_MODE: Readonly<Record<string, string>> = {
  use_trunk_file: "true",
  slot_min_size: String(ALIGNMENT_BYTES),
  slot_max_size: String(SLOT_MAX_BYTES),
  trunk_alloc_alignment_size: String(ALIGNMENT_BYTES),
  trunk_file_size: String(TRUNK_FILE_BYTES),
  check_active_interval: String(CHECK_ACTIVE_SECONDS),
};

/**
 * Free blocks are joined. C does this without a line in the trunk binlog, and the next C trunk server then hands out space that
 * is in use: in a group with a C storage files get lost when the role moves, seen with C alone.
 */
export const TRUNK_MERGING: Readonly<Record<string, string>> = {
  trunk_free_space_merge: "true",
  delete_unused_trunk_files: "true",
};

/** Whatever a trunk server can be told to do besides. */
export const TRUNK_MODE_RICH: Readonly<Record<string, string>> = {
  ...TRUNK_MODE,
  trunk_init_check_occupying: "true",
  trunk_create_file_advance: "true",
  trunk_create_file_interval: "5",
  trunk_create_file_space_threshold: "12MB",
  trunk_binlog_max_backups: "2",
};

/**
 * Settings by which storages have ids, and an address each: a C trunk server leaves out every storage whose address is its
 * machine's own, so that storages on one address never get its trunk binlog.
 */
export function storageIds({ folder, storages, groupName }: MixedGroup): Readonly<Record<string, string>> {
  const path = join(folder, "storage_ids.conf");
  const lines = storages.map((one) => `${idOf({ storages }, one)} ${groupName} ${one.host}:${one.port}\n`);
  writeFileSync(path, lines.join(""));
  return { use_storage_id: "true", id_type_in_filename: "id", storage_ids_filename: path };
}

export function idOf({ storages }: Pick<MixedGroup, "storages">, storage: Member): string {
  return String(FIRST_ID + storages.indexOf(storage));
}

/** Bytes of the slot for a file of `size` bytes. */
export function slotBytes(size: number): number {
  return Math.max(1, Math.ceil((SLOT_HEADER_BYTES + size) / ALIGNMENT_BYTES)) * ALIGNMENT_BYTES;
}

/** The lines on trunk files that a tracker tells storages with `TRUNK_MODE_RICH`, as a C tracker writes them. */
export const RICH_PARAMETERS = `use_trunk_file=1
slot_min_size=256
slot_max_size=65536
trunk_alloc_alignment_size=256
trunk_file_size=4194304
trunk_create_file_advance=1
trunk_create_file_time_base=02:00
trunk_create_file_interval=5
trunk_create_file_space_threshold=12582912
trunk_init_check_occupying=1
trunk_init_reload_from_binlog=0
trunk_free_space_merge=0
delete_unused_trunk_files=0
trunk_compress_binlog_min_interval=0
trunk_compress_binlog_interval=0
trunk_compress_binlog_time_base=03:00
trunk_binlog_max_backups=2
store_slave_file_use_link=0
`;

/** Gives a tracker's settings other values; it must not run. */
export function configure(tracker: Pick<Member, "confPath">, settings: Readonly<Record<string, string>>): void {
  const kept = readFileSync(tracker.confPath, "utf8")
    .split("\n")
    .filter((line) => !((line.split("=")[0] ?? "").trim() in settings));
  const added = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
  writeFileSync(tracker.confPath, [...kept, ...added, ""].join("\n"));
}
