// Answers for a file whose copy has not come yet with what another storage of the group says. Content goes through as it
// arrives; nothing is kept.

import type { Answer, ClientConnection, StreamAnswer } from "../../net/client-connection.ts";
import { type Command, encodeRequest } from "../../wire/command.ts";
import { encodeHeader, RESPONSE_COMMAND } from "../../wire/header.ts";
import { HEADER_SIZE } from "../../wire/limits.ts";
import { Status } from "../../wire/status.ts";
import { downloadFile } from "../../wire/storage-client.ts";
import { countDone, countTried, type OperationCounters, type Session } from "../io/session.ts";

/**
 * True when the others may be asked for a name that is missing here, or for its metadata, whose name is `asked` then. Never
 * for another storage: two that lack a file would ask each other in a circle.
 */
export function mayReadThrough({ worker, peerId }: Session, fileName: string, asked = fileName): boolean {
  return peerId === "" && worker.readThrough?.mayFind(fileName, asked) === true;
}

/** True for what a missing file throws. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

/** DOWNLOAD_FILE: the content streams from the other storage to the client, held back by the slower of the two. */
export function downloadThrough(
  session: Session,
  request: Parameters<typeof downloadFile.request.format>[0],
  counters: OperationCounters,
): void {
  const { connection, worker } = session;
  const question = {
    fileName: request.fileName,
    asked: request.fileName,
    ask: (peer: ClientConnection): Promise<StreamAnswer> => peer.download(encodeRequest(downloadFile, request)),
    isWanted: (): boolean => !connection.isClosed,
  };
  void worker.readThrough!.find(question).then((found) => {
    if (typeof found === "number") {
      session.fail(found);
      return;
    }
    const { length, body } = found.answer;
    countTried(worker, counters, length);
    const head = encodeHeader({ bodyLength: length, command: RESPONSE_COMMAND, status: Status.OK });
    connection.replyContent(head, body, (error, bytesSent) => {
      found.release();
      if (error === null) countDone(worker, counters, length);
      session.record(error === null ? Status.OK : Status.EIO, HEADER_SIZE + bytesSent);
    });
  });
}

/** Any other question: the answer's body is passed on as it came. `asked` as in mayReadThrough; `done` counts a success. */
export function askThrough<Q, S>(
  session: Session,
  command: Command<Q, S>,
  value: Q & { readonly fileName: string },
  options: { readonly asked: string; readonly flags: number; readonly done: () => void },
): void {
  const { asked, flags, done } = options;
  const question = {
    fileName: value.fileName,
    asked,
    ask: (peer: ClientConnection): Promise<Answer> => peer.request(encodeRequest(command, value, { status: flags })),
    isWanted: (): boolean => !session.connection.isClosed,
  };
  void session.worker.readThrough!.find(question).then((found) => {
    if (typeof found === "number") {
      session.fail(found);
      return;
    }
    const { body } = found.answer;
    found.release();
    const packet = new Uint8Array(HEADER_SIZE + body.length);
    packet.set(encodeHeader({ bodyLength: body.length, command: RESPONSE_COMMAND, status: Status.OK }));
    packet.set(body, HEADER_SIZE);
    done();
    session.reply(packet);
  });
}
