// Whose word the free space of a storage is, as its own files tell: that of the trunk server, or a copy of another one's.

import { existsSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { parseConfText } from "../../../../conf/index.ts";
import { readTextFile } from "../../../disk/atomic-file.ts";
import { binlogFolder } from "../../binlog/binlog-files.ts";
import { readLastTrunkServer } from "../role/last-server.ts";
import { trunkPaths } from "../role/paths.ts";
import type { MapOwner } from "./finding.ts";

const MARK = ".mark";

export interface KnownOwner {
  readonly owner: MapOwner;
  /** Id of the trunk server; "" = not known. */
  readonly server: string;
}

/** By the trunk server that this storage knew last. */
export function mapOwnerOf(basePath: string): KnownOwner {
  const server = readLastTrunkServer(basePath);
  if (server !== "") {
    if (ownAddresses(basePath).includes(server)) return { owner: "here", server };
    // Every other storage of the group has a mark; this one has none of its own.
    const isPeer = marksIn(binlogFolder(basePath)).some((name) => name === server || name.startsWith(`${server}_`));
    return { owner: isPeer ? "elsewhere" : "here", server };
  }
  const { folder, snapshot } = trunkPaths(basePath);
  // A C storage: only a trunk server has marks of copies, or a snapshot.
  const wasServer = existsSync(snapshot) || marksIn(folder).length > 0;
  return { owner: wasServer ? "here" : "unknown", server: "" };
}

/** Of the storage when it ran last; none when that is not known. */
export function ownAddresses(basePath: string): string[] {
  const path = `${basePath}/data/.data_init_flag`;
  const text = readTextFile(path);
  return text === null
    ? []
    : (parseConfText(text, path).get("last_ip_addr") ?? "").split(",").filter((one) => one !== "");
}

function marksIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(MARK))
    .map((name) => basename(name, MARK));
}
