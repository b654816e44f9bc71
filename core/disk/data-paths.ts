// Where files lie below a store path (storage.md §5): text put together, nothing looked at. Names have passed
// parseLogicName before they come here.

import { hex2 } from "../fileid/logic-name.ts";

/** `SP/data`. */
export function dataFolder(storePath: string): string {
  return `${storePath}/data`;
}

/** `SP/data/HH/LL/name` of a true path `HH/LL/name`. */
export function dataFilePath(storePath: string, truePath: string): string {
  return `${storePath}/data/${truePath}`;
}

/** `SP/data/HH/LL/name-m`. */
export function metadataFilePath(storePath: string, truePath: string): string {
  return `${storePath}/data/${truePath}-m`;
}

/** `SP/data/HH/LL`. */
export function dataDirectoryPath(storePath: string, high: number, low: number): string {
  return `${storePath}/data/${hex2(high)}/${hex2(low)}`;
}
