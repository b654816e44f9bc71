// Comparing with what another storage has: its list of files, line by line against this disk. Gives records of what is
// missing here, in the form that fetchers work through.

import { lstatSync } from "node:fs";
import { readFileName } from "../../fileid/file-id.ts";
import { parseLogicName } from "../../fileid/logic-name.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { isReusable } from "../replication/judge.ts";
import type { DeletedNames } from "./deleted-names.ts";

/** Of a trunk file: its number, at least six digits. */
const TRUNK_FILE = /^[0-9A-F]{2}\/[0-9A-F]{2}\/\d{6,}$/;

interface Listed {
  readonly name: string;
  readonly path: string;
  readonly truePath: string;
  /** Unix seconds. */
  readonly modifiedAt: number;
}

/** The record, without its line end, that brings what the line tells of; null: it is here, deleted, or no line of a list. */
export function recordOfMissing(line: string, storePaths: readonly string[], deleted: DeletedNames): string | null {
  const [time, op, name, last, ...more] = line.split(" ");
  if (name === undefined || last === undefined || more.length > 0 || !/^\d{1,10}$/.test(time!)) return null;
  const listed = placeOf(name, Number(time), storePaths);
  if (listed === null) return null;
  const found = lstatSync(listed.path, { throwIfNoEntry: false });
  if (op === Op.LINK) {
    if (found !== undefined || deleted.has(name, listed.modifiedAt)) return null;
    return formatRecord(listed.modifiedAt, Op.LINK, `${name} ${last}`).trimEnd();
  }
  if (op !== Op.CREATE || deleted.has(name, listed.modifiedAt)) return null;
  const here = found === undefined ? null : { size: found.size, modifiedAt: Math.floor(found.mtimeMs / 1000) };
  return isNeeded(listed, Number(last), here) ? formatRecord(listed.modifiedAt, Op.CREATE, name).trimEnd() : null;
}

function isNeeded(
  { name, truePath, modifiedAt }: Listed,
  size: number,
  here: { readonly size: number; readonly modifiedAt: number } | null,
): boolean {
  if (here === null) return true;
  // What was filled in it since comes by replication, and a trunk file may be longer elsewhere.
  if (here.size === size || TRUNK_FILE.test(truePath)) return false;
  if (isReusable(name)) return modifiedAt >= here.modifiedAt;
  const facts = readFileName(name);
  // The name of a file that never changes tells which of the two is whole.
  return facts.kind === "appender" ? modifiedAt >= here.modifiedAt : size === facts.size;
}

function placeOf(name: string, modifiedAt: number, storePaths: readonly string[]): Listed | null {
  try {
    const { storePathIndex, truePath } = parseLogicName(name, storePaths.length);
    return { name, truePath, modifiedAt, path: `${storePaths[storePathIndex]!}/data/${truePath}` };
  } catch {
    return null;
  }
}
