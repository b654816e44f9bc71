// The file that holds a store path's mark, `SP/data/.fastdfs_vars`: one line `store_path_mark=<75 characters>` (storage.md
// §5.5). What the mark means is store-path-mark.ts's business.

import { readTextFile, writeFileAtomically } from "./atomic-file.ts";
import { dataFolder } from "./data-paths.ts";
import type { Owner } from "./owner.ts";

const KEY = "store_path_mark";

export function storePathMarkFile(storePath: string): string {
  return `${dataFolder(storePath)}/.fastdfs_vars`;
}

/** The mark's text, null when there is no file or no mark in it; throws the system's error. */
export function readStorePathMark(storePath: string): string | null {
  const text = readTextFile(storePathMarkFile(storePath));
  const line = text?.split("\n").find((candidate) => candidate.split("=", 1)[0]?.trim() === KEY);
  const value = line?.slice(line.indexOf("=") + 1).trim() ?? "";
  return value === "" ? null : value;
}

export function writeStorePathMark(storePath: string, mark: string, owner?: Owner): void {
  writeFileAtomically(storePathMarkFile(storePath), `${KEY}=${mark}\n`, owner === undefined ? {} : { owner });
}
