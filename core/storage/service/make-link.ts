// A second name for a file (storage.md §2.13, trunk-dedup-recovery.md §2.6): a symbolic link with an absolute target, or,
// for a file inside a trunk file, a slot that holds the name.

import { lstatSync, symlinkSync } from "node:fs";
import { formatSlaveName, formatTail } from "../../fileid/file-id.ts";
import { encodeBlock } from "../../fileid/packed-block.ts";
import { LOGIC_NAME_LIMIT } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { flushDirectory, inDirectory, removeQuietly } from "../io/new-file.ts";
import type { Session } from "../io/session.ts";
import { locate, placeNewFile, type StoredName } from "../io/store-paths.ts";
import { factsOf } from "../io/stored-facts.ts";
import { SlotType } from "../trunk/slot-header.ts";
import { noteWritten, ownChange, ownTimestamp } from "./local-state.ts";
import { storeInSlot } from "./store-in-slot.ts";

export interface LinkWish {
  readonly sourceName: string;
  /** "" = the link gets a name of its own. */
  readonly masterName: string;
  readonly prefix: string;
  /** Without dot. */
  readonly ext: string;
}

/** A link that stands and waits for its record. */
export interface MadeLink {
  readonly name: string;
  readonly record: string;
  readonly undo: () => void;
}

/** Calls `done` with the link or with why there is none, maybe before it returns. */
export function makeLink(session: Session, wish: LinkWish, done: (made: MadeLink | Error) => void): void {
  try {
    const source = locate(session.worker, wish.sourceName);
    const facts = factsOf(session.worker, source);
    if (facts === null) throw new ProtocolError(`Cannot find ${wish.sourceName}`, Status.ENOENT);
    if (facts.kind !== "file") throw new ProtocolError(`${wish.sourceName} is no regular file`);
    if (facts.slot !== null) linkIntoSlot(session, source, wish, done);
    else done(linkOnDisk(session, source, wish, facts.size));
  } catch (error) {
    done(error as Error);
  }
}

function linkOnDisk(session: Session, source: StoredName, wish: LinkWish, size: number): MadeLink {
  const { worker } = session;
  const seconds = Math.floor(Date.now() / 1000);
  const link = nameLink(session, source, wish, size, seconds);
  const now = ownTimestamp(worker, link);
  worker.commits.intend(Op.LINK, link.name);
  inDirectory(link.path, () => symlinkSync(source.path, link.path));
  flushDirectory(worker, link.path);
  noteWritten(worker, link.name, ownChange(now));
  return {
    name: link.name,
    record: formatRecord(now, Op.LINK, `${link.name} ${source.name}`),
    undo: () => removeQuietly(link.path),
  };
}

/** The name is the content: the size in the link's name is that of the name it points to. */
function linkIntoSlot(
  session: Session,
  source: StoredName,
  { masterName, ext }: LinkWish,
  done: (made: MadeLink | Error) => void,
): void {
  const { trunk } = session.worker;
  if (masterName !== "" || !trunk.takes(source.name.length)) {
    throw new ProtocolError(`Cannot link to ${source.name}, which lies inside a trunk file`);
  }
  const content = Buffer.from(source.name, "latin1");
  const timestamp = Math.floor(Date.now() / 1000);
  const plan = { session, storePath: source.storePathIndex, size: content.length, ext };
  const link = { type: SlotType.LINK, crc: Math.floor(Math.random() * 0x1_0000_0000), timestamp };
  storeInSlot(plan, { ...link, write: (slots, block, header) => slots.write(block, header, [content]) }, (stored) => {
    if (stored === null) {
      done(new ProtocolError(`No slot for a link to ${source.name}`, Status.EAGAIN));
      return;
    }
    noteWritten(session.worker, stored.name, ownChange(timestamp));
    const record = formatRecord(timestamp, Op.LINK, `${stored.name} ${source.name}`);
    done({ name: stored.name, record, undo: stored.undo });
  });
}

function nameLink(
  { worker }: Session,
  source: StoredName,
  { masterName, prefix, ext }: LinkWish,
  size: number,
  now: number,
): StoredName {
  if (masterName === "") {
    const random = (): number => Math.floor(Math.random() * 0x1_0000_0000);
    const block = encodeBlock(worker.config.sourceBytes, now, "normal", size, random(), random());
    return locate(worker, placeNewFile(worker, source.storePathIndex, block, formatTail(ext, random())));
  }
  if (locate(worker, masterName).storePathIndex !== source.storePathIndex) {
    throw new ProtocolError("Cannot link across store paths");
  }
  const link = locate(worker, formatSlaveName(masterName, prefix, ext));
  if (link.name.length >= LOGIC_NAME_LIMIT)
    throw new ProtocolError(`Cannot use a link name of ${link.name.length} bytes`);
  if (lstatSync(link.path, { throwIfNoEntry: false }) !== undefined)
    throw new ProtocolError(`${link.name} exists`, Status.EEXIST);
  return link;
}
