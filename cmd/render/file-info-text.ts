// A file's facts as text: for people, and in the block the C release's fdfs_file_info prints (http-config-tools.md §4.1).

import { formatBytes, formatTime } from "./units.ts";

/** What is shown of a file, whoever found it out. */
export interface ShownFileInfo {
  readonly type: "normal" | "appender" | "slave";
  /** Bytes; undefined when only a server could tell. */
  readonly size?: number | undefined;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Unsigned; undefined when it was not computed. */
  readonly crc32?: number | undefined;
  readonly sourceIp: string;
  /** 0 when the name carries an address. */
  readonly sourceId: number;
  readonly fromServer: boolean;
}

const hex = (crc32: number): string => crc32.toString(16).padStart(8, "0");

export function fileInfoText(id: string, info: ShownFileInfo): string {
  const address = info.sourceIp === "" ? "" : ` (${info.sourceIp})`;
  const source = info.sourceId === 0 ? info.sourceIp : `${info.sourceId}${address}`;
  const rows = [
    ["type", info.type],
    ...(info.size === undefined ? [] : [["size", sizeText(info.size)]]),
    ["created", formatTime(info.createdAt)],
    ...(info.crc32 === undefined ? [] : [["crc32", hex(info.crc32)]]),
    ["source", source],
    ["told by", info.fromServer ? "the storage" : "the ID"],
  ];
  return `${id}\n${rows.map(([label = "", value]) => `  ${label.padEnd(8)} ${value}\n`).join("")}`;
}

function sizeText(size: number): string {
  return size < 1024 ? `${size} bytes` : `${size} bytes (${formatBytes(size)})`;
}

/** `fdfs_file_info`: the checksum is printed as a signed number; with -n a checksum of 0 is left out. */
export function legacyFileInfoText(info: ShownFileInfo, skipCrc: boolean): string {
  const crc32 = info.crc32 ?? 0;
  const lines = [
    `GET FROM SERVER: ${info.fromServer}`,
    "",
    `file type: ${info.type}`,
    `source storage id: ${info.sourceId}`,
    `source ip address: ${info.sourceIp}`,
    `file create timestamp: ${formatTime(info.createdAt)}`,
    `file size: ${info.size ?? 0}`,
    ...(skipCrc && crc32 === 0 ? [] : [`file crc32: ${crc32 | 0} (0x${hex(crc32)})`]),
    "",
  ];
  return lines.map((line) => `${line}\n`).join("");
}
