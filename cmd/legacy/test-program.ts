// What the four test programs of the C release share: banner, ways to hand over content, the block about a file, token
// URLs (http-config-tools.md §4.2). The texts are the C programs' own, byte for byte: scripts skip or compare them.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { ClientSettings } from "../../conf/index.ts";
import type { Content } from "../../core/client/index.ts";
import { PROTOCOL_VERSION } from "../../core/wire/limits.ts";
import type { ShownFileInfo } from "../render/file-info-text.ts";
import { formatTime } from "../render/units.ts";
import { regularFileSize } from "./local-file.ts";

/** Printed first by each of them: C's first line and as many lines as C, but the licence is ours. */
export const BANNER = `This is FastDFS client test program v${PROTOCOL_VERSION}

fdfs, an independent implementation of the formats of FastDFS

fdfs may be copied under the terms of the Apache License 2.0.
FastDFS is the work of Happy Fish / YuQing:
please visit http://www.fastken.com/
for more detail.

`;

/** How the program was asked to send a file. */
export interface Manner {
  /** The tail of the printed function names: storage_upload_by_<name>. */
  readonly name: "filename" | "filebuff" | "callback";
  /** The slave that fdfs_test and fdfs_test1 upload in this manner; they differ in one. */
  readonly slavePrefix: "_big" | "1024x1024" | "-small";
  readonly slavePrefix1: "_big" | "1024x1024" | "_small";
}

/** FILE (also for any other word), BUFF or CALLBACK. */
export function mannerOf(word: string | undefined): Manner {
  if (word === "BUFF") return { name: "filebuff", slavePrefix: "1024x1024", slavePrefix1: "1024x1024" };
  if (word === "CALLBACK") return { name: "callback", slavePrefix: "-small", slavePrefix1: "_small" };
  return { name: "filename", slavePrefix: "_big", slavePrefix1: "_big" };
}

/** The file's content handed over in that manner: by path, as bytes, as a stream. */
export async function contentOf(path: string, manner: Manner): Promise<Content> {
  if (manner.name === "filebuff") return { kind: "bytes", bytes: await readFile(path) };
  if (manner.name === "filename") return { kind: "file", path };
  const length = await regularFileSize(path);
  return { kind: "stream", stream: createReadStream(path), length };
}

/** Source, time and size; with `crc32` also the checksum, printed unsigned. */
export function fileBlock(info: ShownFileInfo, options: { crc32: boolean }): string {
  return [
    `source ip address: ${info.sourceIp}\n`,
    `file timestamp=${formatTime(info.createdAt)}\n`,
    `file size=${info.size ?? 0}\n`,
    options.crc32 ? `file crc32=${(info.crc32 ?? 0) >>> 0}\n` : "",
  ].join("");
}

/** An address of the file as the web module serves it; with a token when client.conf enables them (§3.2). */
export function fileUrl(host: string, id: string, settings: ClientSettings): string {
  const url = `http://${host}/${id}`;
  if (!settings.antiStealCheckToken) return url;
  const timestamp = Math.floor(Date.now() / 1000);
  const name = id.slice(id.indexOf("/") + 1);
  return `${url}?token=${tokenFor(name, settings.antiStealSecretKey, timestamp)}&ts=${timestamp}`;
}

/** md5 of name (without group), key and decimal timestamp, in lower-case hexadecimal. */
export function tokenFor(fileName: string, secretKey: string, timestamp: number): string {
  return createHash("md5").update(`${fileName}${secretKey}${timestamp}`).digest("hex");
}
