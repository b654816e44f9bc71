// What is known of a file, from its name or from a storage's answer (storage.md §2.10, §4.7).

import { type FileKind, type FileNameFacts, readFileName } from "../fileid/file-id.ts";

export interface FileInfo {
  readonly type: FileKind;
  readonly size: number;
  /** Unix seconds: from the name the creation, from a storage the last change. */
  readonly createdAt: number;
  /** Unsigned; undefined when it was not computed. */
  readonly crc32?: number | undefined;
  readonly sourceIp: string;
  /** Storage id in the name; 0 when the name carries an address. */
  readonly sourceId: number;
  readonly fromServer: boolean;
}

export interface InfoOptions {
  /** Only what the ID tells. */
  readonly local?: boolean;
  /** Ask a storage even where the ID tells. */
  readonly fromServer?: boolean;
  /** The storage computes no checksum. */
  readonly skipCrc?: boolean;
  /** The storage logs nothing when the file is missing. */
  readonly silent?: boolean;
}

function facts(fileName: string): FileNameFacts | null {
  try {
    return readFileName(fileName);
  } catch {
    return null;
  }
}

const sourceOf = (known: FileNameFacts | null): { sourceIp: string; sourceId: number } =>
  known === null
    ? { sourceIp: "", sourceId: 0 }
    : known.source.kind === "id"
      ? { sourceIp: "", sourceId: known.source.id }
      : { sourceIp: known.source.address, sourceId: 0 };

/** Null for a name that carries nothing readable. Of slaves and appenders size and CRC are not the file's own. */
export function infoFromName(fileName: string): FileInfo | null {
  const known = facts(fileName);
  if (known === null) return null;
  const { kind, size, timestamp, crc32 } = known;
  return { type: kind, size, createdAt: timestamp, crc32, ...sourceOf(known), fromServer: false };
}

export function infoFromAnswer(
  fileName: string,
  answer: { fileSize: number; modificationTime: number; crc32: number; sourceIp: string },
  skipCrc: boolean,
): FileInfo {
  const known = facts(fileName);
  const { sourceId } = sourceOf(known);
  const type = known?.kind ?? "normal";
  return {
    type,
    size: answer.fileSize,
    createdAt: answer.modificationTime,
    crc32: skipCrc && type !== "normal" ? undefined : answer.crc32,
    sourceIp: answer.sourceIp,
    sourceId,
    fromServer: true,
  };
}
