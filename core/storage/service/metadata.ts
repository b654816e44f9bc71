// SET_METADATA and GET_METADATA (storage.md §2.8, §2.9). The text lives in `<file>-m`, replaced through a temporary name,
// so a reader never sees half of it.

import { Buffer } from "node:buffer";
import { existsSync, lstatSync, readFileSync, unlinkSync } from "node:fs";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import { LOGIC_NAME_LIMIT } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { getMetadata, MetadataFlag, setMetadata } from "../../wire/storage-client.ts";
import { type BinlogOp, formatRecord, Op } from "../binlog/record.ts";
import { flushDirectory, TemporaryFile } from "../io/new-file.ts";
import { isMadeBy, sourceMember } from "../io/read-through-plan.ts";
import { ClientCompletion, countDone, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { checkGroup, locate, metadataOf, type StoredName } from "../io/store-paths.ts";
import { factsOf, readableFacts } from "../io/stored-facts.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { Counter } from "../scoreboard/counters.ts";
import { noteDeleted, noteWritten, ownChange, ownTimestamp } from "./local-state.ts";
import { formatMetadata, mergeMetadata, parseMetadata } from "./metadata-text.ts";
import { askThrough, mayReadThrough } from "./read-through.ts";
import { whileLocked } from "./while-locked.ts";

const SUFFIX = "-m";
const setCounters: OperationCounters = {
  total: Counter.totalSetMetaCount,
  success: Counter.successSetMetaCount,
};
const getCounters: OperationCounters = {
  total: Counter.totalGetMetaCount,
  success: Counter.successGetMetaCount,
};

function requireFile(worker: WorkerContext, stored: StoredName): void {
  if (readableFacts(worker, stored) === null) throw new ProtocolError(`Cannot find ${stored.name}`, Status.ENOENT);
}

/**
 * Metadata is changed where its file was created: two storages that change it side by side would lose one of the changes.
 * A client that gets EAGAIN tries again; it is served when the source is back, or has been deleted from the group.
 */
function requireTurn({ config, group }: WorkerContext, fileName: string): void {
  if (config.updateFailover || isMadeBy(config.sourceBytes, fileName)) return;
  const { view } = group;
  const source = view === null ? null : sourceMember(view, fileName);
  // Before the group is known, right after the start, nobody can tell whether the source lives.
  if (view !== null && (source === null || source.id === view.ownId)) return;
  throw new ProtocolError(`Cannot set metadata of ${fileName}: ${source?.id ?? "another"} changes it`, Status.EAGAIN);
}

function writeText(session: Session, stored: StoredName, text: string, timestamp: number): void {
  const file = new TemporaryFile(session.worker, stored.storePathIndex, false);
  try {
    file.write(Buffer.from(text, "latin1"));
    file.finish(timestamp);
    session.worker.commits.intend(Op.UPDATE, stored.name + SUFFIX);
    file.replace(stored.path + SUFFIX);
  } catch (error) {
    file.discard();
    throw error;
  }
}

export const setMetadataRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, header) {
    session.begin("set_metadata", header);
    const { flag, groupName, fileName, metadata } = setMetadata.request.parse(body);
    const { worker } = session;
    checkGroup(worker, groupName);
    if (fileName.length >= LOGIC_NAME_LIMIT) throw new ProtocolError(`Cannot use a name of ${fileName.length} bytes`);
    if (flag !== MetadataFlag.OVERWRITE && flag !== MetadataFlag.MERGE)
      throw new ProtocolError(`Cannot use the flag ${flag}`);
    const stored = locate(worker, fileName);
    session.fileName = fileName + SUFFIX;
    requireTurn(worker, fileName);
    whileLocked(session, fileName, () => {
      requireFile(worker, stored);
      countTried(worker, setCounters);
      const timestamp = ownTimestamp(worker, metadataOf(stored));
      const record = change(session, stored, flag, metadata, timestamp);
      const completion = new ClientCompletion(session, setCounters, 0, null, null);
      if (record === null) {
        completion.committed(Status.OK);
        return null;
      }
      const note = record === Op.DELETE ? noteDeleted : noteWritten;
      note(worker, fileName + SUFFIX, ownChange(timestamp));
      return {
        record: formatRecord(timestamp, record, fileName + SUFFIX),
        waiter: completion,
      };
    });
  },
};

/** Carries the change out; the operation to record, or null when nothing changed. */
function change(
  session: Session,
  stored: StoredName,
  flag: number,
  metadata: Uint8Array,
  timestamp: number,
): BinlogOp | null {
  const path = stored.path + SUFFIX;
  const exists = existsSync(path);
  if (metadata.length === 0) {
    if (flag === MetadataFlag.MERGE || !exists) return null;
    session.worker.commits.intend(Op.DELETE, stored.name + SUFFIX);
    unlinkSync(path);
    flushDirectory(session.worker, path);
    return Op.DELETE;
  }
  const changes = parseMetadata(metadata);
  const isMerge = flag === MetadataFlag.MERGE && exists;
  const items = isMerge ? mergeMetadata(parseMetadata(readFileSync(path)), changes) : changes;
  writeText(session, stored, formatMetadata(items), timestamp);
  return exists ? Op.UPDATE : Op.CREATE;
}

export const getMetadataRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, header) {
    session.begin("get_metadata", header);
    const { groupName, fileName } = getMetadata.request.parse(body);
    const { worker } = session;
    checkGroup(worker, groupName);
    const stored = locate(worker, fileName);
    session.fileName = fileName;
    // Four cases. File and metadata here: ours. File here, metadata not: it has none, or none yet; most files have none, and
    // asking the whole group each time would cost more than a value that comes a moment later, as in C. File missing,
    // metadata missing: the file has not come yet, whoever has it knows both. File missing, metadata here: a deletion is
    // half done here, or the file was lost; what we hold belongs to no file that can be read here, so the others decide.
    const asked = fileName + SUFFIX;
    if (factsOf(worker, stored) === null && mayReadThrough(session, fileName, asked)) {
      countTried(worker, getCounters);
      const done = (): void => countDone(worker, getCounters);
      askThrough(session, getMetadata, { groupName, fileName }, { asked, flags: 0, done });
      return;
    }
    requireFile(worker, stored);
    const path = stored.path + SUFFIX;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw new ProtocolError(`${fileName} has no metadata`, Status.ENOENT);
    if (!stat.isFile()) throw new ProtocolError(`${path} is no file`, Status.EISDIR);
    countTried(worker, getCounters);
    const packet = encodeResponse(getMetadata, {
      metadata: readFileSync(path),
    });
    countDone(worker, getCounters);
    session.reply(packet);
  },
};
