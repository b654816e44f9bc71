// CREATE_LINK (storage.md §2.13): a second name for a file, as a symbolic link with an absolute target.

import { lstatSync, symlinkSync } from "node:fs";
import { checkExtension, formatSlaveName, formatTail } from "../../fileid/file-id.ts";
import { encodeBlock } from "../../fileid/packed-block.ts";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import { LOGIC_NAME_LIMIT } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { createLink } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { flushDirectory, inDirectory, removeQuietly } from "../io/new-file.ts";
import { ClientCompletion, countTried, type OperationCounters, type Session } from "../io/session.ts";
import { checkGroup, locate, placeNewFile, type StoredName } from "../io/store-paths.ts";
import { Counter } from "../scoreboard/counters.ts";
import { noteWritten, ownChange, ownTimestamp } from "./local-state.ts";

const SUM_MAX = 256;
const SIGNATURE_LIMIT = 64;
const counters: OperationCounters = {
  total: Counter.totalCreateLinkCount,
  success: Counter.successCreateLinkCount,
};

export const createLinkRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body) {
    const { groupName, prefix, fileExt, masterName, sourceName, signature } = createLink.request.parse(body);
    const { worker } = session;
    checkGroup(worker, groupName);
    checkExtension(fileExt);
    const lengths = [masterName.length, sourceName.length, signature.length];
    if (
      masterName.length >= LOGIC_NAME_LIMIT ||
      sourceName.length >= LOGIC_NAME_LIMIT ||
      signature.length === 0 ||
      signature.length >= SIGNATURE_LIMIT ||
      lengths.reduce((sum, length) => sum + length, 0) > SUM_MAX
    ) {
      throw new ProtocolError(`Cannot link with lengths ${lengths.join(", ")}`);
    }
    const source = locate(worker, sourceName);
    const stat = lstatSync(source.path, { throwIfNoEntry: false });
    if (stat === undefined) throw new ProtocolError(`Cannot find ${sourceName}`, Status.ENOENT);
    if (!stat.isFile()) throw new ProtocolError(`${sourceName} is no regular file`);
    const seconds = Math.floor(Date.now() / 1000);
    const link = nameLink(session, source, masterName, prefix, fileExt, stat.size, seconds);
    const now = ownTimestamp(worker, link);
    countTried(worker, counters);
    worker.commits.intend(Op.LINK, link.name);
    inDirectory(link.path, () => symlinkSync(source.path, link.path));
    flushDirectory(worker, link.path);
    noteWritten(worker, link.name, ownChange(now));
    const packet = encodeResponse(createLink, {
      groupName: worker.config.groupName,
      fileName: link.name,
    });
    const undo = (): void => removeQuietly(link.path);
    const completion = new ClientCompletion(session, counters, 0, packet, undo);
    worker.commits.push(formatRecord(now, Op.LINK, `${link.name} ${sourceName}`), completion);
  },
};

function nameLink(
  { worker }: Session,
  source: StoredName,
  masterName: string,
  prefix: string,
  ext: string,
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
