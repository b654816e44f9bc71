// QUERY_FILE_INFO (storage.md §2.10): size and time from the file, CRC and source from its name where the name tells.

import { readFileName } from "../../fileid/file-id.ts";
import type { FileSource } from "../../fileid/packed-block.ts";
import type { WholeRoute } from "../../net/frame-protocol.ts";
import { encodeResponse } from "../../wire/command.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import { Status } from "../../wire/status.ts";
import { QueryFlag, queryFileInfo } from "../../wire/storage-client.ts";
import type { Session } from "../io/session.ts";
import { checkGroup, locate } from "../io/store-paths.ts";
import { readableFacts } from "../io/stored-facts.ts";
import type { WorkerContext } from "../io/worker-context.ts";
import { checksumOf } from "./checksum.ts";
import { askThrough, mayReadThrough } from "./read-through.ts";

const NAME_MIN = 37;
const NAME_MAX = 131;
/**
 * With exactly these flags a C storage asks whether a file has arrived here before it sends it (SYNC_CREATE_FILE), and most
 * of its connections do not say that it is a storage (storage.md §2.10, §3.1). An answer read from elsewhere, at worst from
 * that storage itself, would keep the file from ever being sent.
 */
const C_SENDER_FLAGS = QueryFlag.NO_CRC;

export const queryInfoRoute: WholeRoute<Session> = {
  kind: "whole",
  handle(session, body, header) {
    session.begin("status", header);
    const { groupName, fileName } = queryFileInfo.request.parse(body);
    const { worker } = session;
    checkGroup(worker, groupName);
    if (fileName.length > NAME_MAX) throw new ProtocolError(`Cannot use a name of ${fileName.length} bytes`);
    const stored = locate(worker, fileName);
    const { path } = stored;
    session.fileName = fileName;
    const readable = readableFacts(worker, stored);
    if (readable === null && header.status !== C_SENDER_FLAGS && mayReadThrough(session, fileName)) {
      const options = { asked: fileName, flags: header.status, done: () => {} };
      askThrough(session, queryFileInfo, { groupName, fileName }, options);
      return;
    }
    if (readable === null) throw new ProtocolError(`Cannot find ${fileName}`, Status.ENOENT);
    if (fileName.length < NAME_MIN) throw new ProtocolError(`Cannot use a name of ${fileName.length} bytes`);
    const facts = nameFactsOf(fileName);
    const sourceIp = facts === null ? "" : addressOf(worker, facts.source);
    const answer = (crc32: number): void => {
      // Of a link: the size of what it points to, its own time.
      const { size: fileSize, modifiedAt: modificationTime } = readable;
      const info = { fileSize, modificationTime, crc32, sourceIp };
      session.reply(encodeResponse(queryFileInfo, info, worker.scoreboard.responseIpSize));
    };
    const isInName = facts !== null && facts.kind === "normal";
    if (isInName) answer(facts.crc32);
    else if ((header.status & QueryFlag.NO_CRC) !== 0) answer(0);
    else {
      checksumOf(path, () => !session.connection.isClosed).then(
        ({ crc }) => answer(crc),
        (error: unknown) => session.failWith(error),
      );
    }
  },
};

/** Null for a name that carries no readable block: its checksum is computed. */
function nameFactsOf(fileName: string): ReturnType<typeof readFileName> | null {
  try {
    return readFileName(fileName);
  } catch {
    return null;
  }
}

function addressOf({ config }: WorkerContext, source: FileSource): string {
  return source.kind === "ipv4" ? source.address : (config.addressesById[String(source.id)] ?? "");
}
