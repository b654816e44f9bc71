// What a file ID tells by itself, and what each replica said of the file. Data only.

import type { ContentAnswer, FileAnswer } from "../../core/client/index.ts";
import { type FileKind, parseFileId, readFileName } from "../../core/fileid/file-id.ts";
import { parseLogicName } from "../../core/fileid/logic-name.ts";
import type { FileSource } from "../../core/fileid/packed-block.ts";
import { trunkSlotOf } from "../../core/fileid/trunk-slot.ts";
import type { Member } from "./picture.ts";

/** Any number of store paths: only the storage knows how many it has. */
const STORE_PATHS_MAX = 256;

export interface DecodedId {
  readonly id: string;
  readonly groupName: string;
  readonly storePathIndex: number;
  /** `HH/LL/name` below the store path's data folder. */
  readonly truePath: string;
  readonly kind: FileKind;
  /** Where the file lies when it has none of its own. */
  readonly trunk: { readonly trunkFileId: number; readonly offset: number } | null;
  readonly source: FileSource;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Null for slaves and appenders, whose names do not tell. */
  readonly size: number | null;
  readonly crc32: number | null;
}

/** Throws FileNameError. */
export function decodeId(id: string): DecodedId {
  const { groupName, fileName } = parseFileId(id);
  const { storePathIndex, truePath } = parseLogicName(fileName, STORE_PATHS_MAX);
  const { kind, source, timestamp, size, crc32 } = readFileName(fileName);
  const slot = trunkSlotOf(truePath);
  return {
    id,
    groupName,
    storePathIndex,
    truePath,
    kind,
    trunk: slot === null ? null : { trunkFileId: slot.trunkFileId, offset: slot.offset },
    source,
    createdAt: timestamp,
    size: kind === "normal" ? size : null,
    crc32: kind === "normal" ? crc32 : null,
  };
}

export interface Replica {
  readonly member: Member;
  readonly file: FileAnswer;
  /** Null: not asked for. */
  readonly content: ContentAnswer | null;
}

export interface FileFacts {
  readonly decoded: DecodedId;
  readonly replicas: readonly Replica[];
  /** Addresses the tracker sends readers to; null when it names none. */
  readonly readers: readonly string[] | null;
}

/** The member that created the file; null when the group has no such server. */
export function sourceOf({ source }: DecodedId, members: readonly Member[]): Member | null {
  const found =
    source.kind === "id"
      ? members.find(({ info }) => info.id === String(source.id))
      : members.find(({ info }) => info.ipAddress === source.address || info.id === source.address);
  return found ?? null;
}

export const sourceText = ({ source }: DecodedId): string =>
  source.kind === "id" ? `id ${source.id}` : source.address;
