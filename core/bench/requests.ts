// The packets of a load, one maker a kind of operation. A packet is encoded once and used again as long as it stays the
// same; what changes is patched in. Packets belong to the maker: the caller sends them before it asks for the next.

import type { FileId } from "../fileid/file-id.ts";
import { readFileName } from "../fileid/file-id.ts";
import { encodeRequest } from "../wire/command.ts";
import * as storage from "../wire/storage-client.ts";
import * as query from "../wire/tracker-query.ts";
import { BodyPacket } from "./body-packet.ts";
import type { Course } from "./course.ts";
import { type FileList, FileTable } from "./file-table.ts";
import type { LoadPlan, OperationKind } from "./plan.ts";
import type { Random } from "./random.ts";
import { Sizes } from "./sizes.ts";

/** Who sends the request, and what is to be known of its answer. */
export interface Slot {
  /** Counted over all threads. */
  readonly connection: number;
  /** Content that the request carries; ANSWER: the answer's body is the content. */
  contentBytes: number;
  /** What the answer's body must have; ANY: as it comes. */
  answerBytes: number;
}

export const ANSWER = -1;
export const ANY = -1;

/** Makes the next request for a connection; null when there is nothing left to do. */
export type RequestMaker = (slot: Slot) => Uint8Array | null;

export interface MakerHelp {
  readonly plan: LoadPlan;
  readonly course: Course;
  readonly random: Random;
  /** Files uploaded by this thread that are still there. */
  readonly made: FileList;
}

/** Packets kept ready for files or sizes; more than these are encoded as they are needed. */
const KEPT_PACKETS = 65_536;

export function createMaker(kind: OperationKind, help: MakerHelp): RequestMaker {
  switch (kind) {
    case "upload":
      return uploads(help);
    case "append":
      return appends(help);
    case "download":
      return downloads(help);
    case "metadata":
      return metadata(help);
    case "delete":
      return help.plan.mix.length > 1 ? deletionsOfMade(help) : deletions(help);
    case "query":
      return storeQueries(help);
    case "query-fetch":
      return fetchQueries(help);
  }
}

function uploads({ plan, random }: MakerHelp): RequestMaker {
  const sizes = new Sizes(plan.sizes);
  const body = new BodyPacket(sizes.greatest, random);
  const command = plan.uploadsAppenders ? storage.uploadAppenderFile : storage.uploadFile;
  const { storePathIndex } = plan;
  const headOf = kept((size) =>
    encodeRequest(command, { storePathIndex, fileSize: size, fileExt: "bin" }, { streamLength: size }),
  );
  return (slot) => {
    const size = sizes.pick(random);
    slot.contentBytes = size;
    slot.answerBytes = ANY;
    return body.with(headOf(size), size);
  };
}

function appends({ plan, random }: MakerHelp): RequestMaker {
  const table = tableOf(plan.appenders);
  const sizes = new Sizes(plan.sizes);
  const body = new BodyPacket(sizes.greatest, random);
  const next = ownFile(table, plan.connections);
  const encode = (index: number, size: number): Uint8Array =>
    encodeRequest(
      storage.appendFile,
      { byteCount: size, fileName: table.location(index).fileName },
      { streamLength: size },
    );
  const headOf = sizes.least === sizes.greatest ? kept((index) => encode(index, sizes.least)) : null;
  return (slot) => {
    const size = sizes.pick(random);
    const index = next(slot);
    slot.contentBytes = size;
    slot.answerBytes = 0;
    return body.with(headOf?.(index) ?? encode(index, size), size);
  };
}

function downloads({ plan, random }: MakerHelp): RequestMaker {
  const table = tableOf(plan.files);
  const packetOf = kept((index) =>
    encodeRequest(storage.downloadFile, { offset: 0, byteCount: 0, ...table.location(index) }),
  );
  const sizeOf = kept((index) => sizeFromName(table.location(index)));
  return (slot) => {
    const index = random.below(table.count);
    slot.contentBytes = ANSWER;
    slot.answerBytes = sizeOf(index);
    return packetOf(index);
  };
}

/** What the name of a normal file tells; ANY for appenders and slaves, whose names do not tell it. */
function sizeFromName({ fileName }: FileId): number {
  try {
    const facts = readFileName(fileName);
    return facts.kind === "normal" ? facts.size : ANY;
  } catch {
    // Names of other makers are the storage's affair.
    return ANY;
  }
}

function metadata({ plan }: MakerHelp): RequestMaker {
  const table = tableOf(plan.files);
  const items = new TextEncoder().encode("height\u0002768\u0001width\u00021024\u0001version\u000200000000");
  const packetOf = kept((index) =>
    encodeRequest(storage.setMetadata, {
      flag: storage.MetadataFlag.OVERWRITE,
      ...table.location(index),
      metadata: items,
    }),
  );
  const next = ownFile(table, plan.connections);
  let version = 0;
  return (slot) => {
    const packet = packetOf(next(slot));
    slot.contentBytes = 0;
    slot.answerBytes = 0;
    // The last item's last digits, so that there is something to change.
    let rest = ++version;
    for (let at = packet.length - 1; at >= packet.length - 8; at--) {
      packet[at] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return packet;
  };
}

function deletions({ plan, course }: MakerHelp): RequestMaker {
  const table = tableOf(plan.files);
  return (slot) => {
    const index = course.nextFile();
    if (index >= table.count) return null;
    slot.contentBytes = 0;
    slot.answerBytes = 0;
    return encodeRequest(storage.deleteFile, table.location(index));
  };
}

function deletionsOfMade({ made }: MakerHelp): RequestMaker {
  return (slot) => {
    const file = made.take();
    if (file === null) return null;
    slot.contentBytes = 0;
    slot.answerBytes = 0;
    return encodeRequest(storage.deleteFile, storage.deleteFile.request.parse(file));
  };
}

function storeQueries({ plan }: MakerHelp): RequestMaker {
  const packet =
    plan.groupName === null
      ? encodeRequest(query.queryStoreWithoutGroupOne, {})
      : encodeRequest(query.queryStoreWithGroupOne, { groupName: plan.groupName });
  return (slot) => {
    slot.contentBytes = 0;
    slot.answerBytes = ANY;
    return packet;
  };
}

function fetchQueries({ plan, random }: MakerHelp): RequestMaker {
  const table = tableOf(plan.files);
  const packetOf = kept((index) => encodeRequest(query.queryFetchOne, table.location(index)));
  return (slot) => {
    slot.contentBytes = 0;
    slot.answerBytes = ANY;
    return packetOf(random.below(table.count));
  };
}

function tableOf(parts: LoadPlan["files"]): FileTable {
  if (parts === null || parts.starts.length < 2) throw new Error("Cannot run this load: no files are given to work on");
  return new FileTable(parts);
}

/** Each connection changes files of its own in turn, as long as there are enough: two changes of one file would wait. */
function ownFile(table: FileTable, connections: number): (slot: Slot) => number {
  const turns: number[] = [];
  return ({ connection }) => {
    const turn = turns[connection] ?? 0;
    turns[connection] = turn + 1;
    return (connection + turn * connections) % table.count;
  };
}

/** `make`, whose results for the first so many arguments are kept. */
function kept<T>(make: (key: number) => T): (key: number) => T {
  const ready = new Map<number, T>();
  return (key) => {
    let value = ready.get(key);
    if (value === undefined) {
      value = make(key);
      if (ready.size < KEPT_PACKETS) ready.set(key, value);
    }
    return value;
  };
}
