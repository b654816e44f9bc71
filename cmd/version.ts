// The version texts: ours, and the C release whose wire, disk and configuration formats we keep.

import { runtimeName } from "../core/runtime/host.ts";
import { PROTOCOL_VERSION } from "../core/wire/limits.ts";
import packageFile from "../package.json" with { type: "json" };

/** "fdfs 0.3.0 (FastDFS 6.16.1 compatible, linux-x64, bun)". */
export function versionLine(): string {
  const platform = `${process.platform}-${process.arch}`;
  return `fdfs ${packageFile.version} (FastDFS ${PROTOCOL_VERSION} compatible, ${platform}, ${runtimeName()})`;
}
