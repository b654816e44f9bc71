// Logic names, `Mxx/HH/LL/name`: the checks a storage makes before a name may touch a path (storage.md §1.2) and the
// split into store path index and true path. No name that fails here ever reaches the file system.

import { FileNameError } from "./file-name-error.ts";

/** `Mxx/HH/LL/` */
export const LOGIC_PATH_SIZE = 10;
const TRUE_NAME_MIN = 6;
const MOST_STORE_PATHS = 256;
/** Names of this many characters are refused where a request carries their length, and are never given to a file. */
export const LOGIC_NAME_LIMIT = 128;

export interface LogicName {
  /** As the client sent it. */
  readonly name: string;
  readonly storePathIndex: number;
  /** `HH/LL/file`: what stands below the store path's data folder. */
  readonly truePath: string;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 65 && code <= 70) return code - 55;
  return -1;
}

/** The store path index accepts lower-case digits too, as C's strtol does. */
function anyCaseHexDigit(code: number): number {
  return hexDigit(code >= 97 && code <= 102 ? code - 32 : code);
}

/** Checks and splits a logic name in the order of storage.md §1.2; throws FileNameError. */
export function parseLogicName(name: string, storePathCount: number): LogicName {
  if (name.length <= LOGIC_PATH_SIZE) throw new FileNameError(`Cannot use the name '${name}': too short`);
  let storePathIndex = 0;
  let start = 0;
  // Names of versions before 1.12 have no path part and mean store path 0.
  if (name.charCodeAt(0) === 77) {
    const high = anyCaseHexDigit(name.charCodeAt(1));
    const low = anyCaseHexDigit(name.charCodeAt(2));
    if (high < 0 || low < 0 || name.charCodeAt(3) !== 47) {
      throw new FileNameError(`Cannot use the name '${name}': bad Mxx/`);
    }
    storePathIndex = high * 16 + low;
    start = 4;
  }
  if (storePathIndex >= storePathCount) {
    throw new FileNameError(`Cannot use the name '${name}': there are ${storePathCount} store paths`);
  }
  if (name.length - start < TRUE_NAME_MIN + 1 || !hasDirectories(name, start) || !isPlainFileName(name, start + 6)) {
    throw new FileNameError(
      `Cannot use the name '${name}': expected HH/LL/name with upper-case hexadecimal directories`,
    );
  }
  return { name, storePathIndex, truePath: start === 0 ? name : name.slice(start) };
}

/** True for a name that passes the checks of a storage with any number of store paths. */
export function isPlainName(name: string): boolean {
  try {
    parseLogicName(name, MOST_STORE_PATHS);
    return true;
  } catch {
    return false;
  }
}

function hasDirectories(name: string, start: number): boolean {
  return (
    hexDigit(name.charCodeAt(start)) >= 0 &&
    hexDigit(name.charCodeAt(start + 1)) >= 0 &&
    name.charCodeAt(start + 2) === 47 &&
    hexDigit(name.charCodeAt(start + 3)) >= 0 &&
    hexDigit(name.charCodeAt(start + 4)) >= 0 &&
    name.charCodeAt(start + 5) === 47
  );
}

/** No slash (so no way up), no NUL, no blank or line end (they would break a binlog record), ASCII, not `.` or `..`. */
function isPlainFileName(name: string, start: number): boolean {
  for (let at = start; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code === 47 || code <= 32 || code >= 127) return false;
  }
  const length = name.length - start;
  return !(name.charCodeAt(start) === 46 && (length === 1 || (length === 2 && name.charCodeAt(start + 1) === 46)));
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).toUpperCase().padStart(2, "0"));

/** Two upper-case hexadecimal digits. */
export function hex2(value: number): string {
  return HEX[value & 0xff]!;
}

/** `Mxx/HH/LL/` + `file`. */
export function formatLogicName(storePathIndex: number, high: number, low: number, file: string): string {
  return `M${hex2(storePathIndex)}/${hex2(high)}/${hex2(low)}/${file}`;
}

/** The directory of a name under file_distribute_path_mode 1: PJW hash of the 27 characters (storage.md §4.8). */
export function hashDirectory(encodedBlock: string, subdirCount: number): [high: number, low: number] {
  let hash = 0;
  for (let at = 0; at < encodedBlock.length; at++) {
    hash = ((hash << 4) + encodedBlock.charCodeAt(at)) | 0;
    const top = hash & 0xf000_0000;
    if (top !== 0) hash = (hash ^ (top >> 24)) & 0x0fff_ffff;
  }
  const n = ((hash % 65536) + 65536) % 65536;
  return [((n >>> 8) & 0xff) % subdirCount, (n & 0xff) % subdirCount];
}
