// Lines of the tracker's changelog (tracker.md §8.4) and what they mean for the files a storage keeps about its peers.

import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { StorageStatus } from "../../wire/storage-status.ts";

/** A storage of the group that is gone, or that has another address now. */
export type Change =
  | { readonly kind: "deleted"; readonly id: string }
  | { readonly kind: "renamed"; readonly id: string; readonly newId: string };

/**
 * Changes of `groupName` in the text: lines `time group id status new-id`, where the new id is empty for a deletion.
 * Lines that are none go to `complain`.
 */
export function parseChangelog(text: string, groupName: string, complain: (line: string) => void): Change[] {
  const changes: Change[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line === "\0") continue;
    const [, group, id, status, newId] = line.split(" ");
    if (newId === undefined || group === undefined || id === undefined) {
      complain(line);
      continue;
    }
    if (group !== groupName) continue;
    if (Number(status) === StorageStatus.DELETED) changes.push({ kind: "deleted", id });
    else if (Number(status) === StorageStatus.IP_CHANGED) changes.push({ kind: "renamed", id, newId });
    else complain(line);
  }
  return changes;
}

/** `20261121035748`: what C appends to the mark file of a deleted peer. */
function suffixOf(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${day}${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

/** Marks of a deleted peer, `<id>.mark` and `<id>_<port>.mark`, get the time as their ending. Returns what was renamed. */
export function retireMarkFiles(syncFolder: string, id: string, now: Date): string[] {
  const names = existsSync(syncFolder) ? readdirSync(syncFolder) : [];
  const ours = names.filter((name) => name === `${id}.mark` || (name.startsWith(`${id}_`) && name.endsWith(".mark")));
  for (const name of ours) renameSync(join(syncFolder, name), join(syncFolder, `${name}.${suffixOf(now)}`));
  return ours;
}

/** The mark of a peer that has a new address follows it (ip mode). */
export function renameMarkFile(syncFolder: string, oldIp: string, newIp: string, port: number): void {
  const from = join(syncFolder, `${oldIp}_${port}.mark`);
  if (existsSync(from)) renameSync(from, join(syncFolder, `${newIp}_${port}.mark`));
}

/** Marks are named after the group's port: they follow when it changes (ip mode). */
export function movePortOfMarkFiles(syncFolder: string, oldPort: number, newPort: number): void {
  const ending = `_${oldPort}.mark`;
  for (const name of existsSync(syncFolder) ? readdirSync(syncFolder) : []) {
    if (!name.endsWith(ending)) continue;
    const moved = `${name.slice(0, -ending.length)}_${newPort}.mark`;
    renameSync(join(syncFolder, name), join(syncFolder, moved));
  }
}
