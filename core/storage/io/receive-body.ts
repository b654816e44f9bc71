// The way of a streamed body into its file: written where it arrives, or, when much is to come, received by another thread.

import type { BodyResult } from "./body-receiver.ts";
import { errorOf, LARGE_BODY_BYTES } from "./large-bodies.ts";
import type { TemporaryFile } from "./new-file.ts";
import type { Session } from "./session.ts";

/** Takes a piece of the body; `fail` is called when it, or what another thread received, could not be written. */
export function receiveBody(
  session: Session,
  file: TemporaryFile,
  piece: Uint8Array,
  fail: (error: unknown) => void,
): void {
  try {
    file.write(piece);
  } catch (error) {
    fail(error);
    return;
  }
  const { connection } = session;
  const { largeBodies } = session.worker;
  if (largeBodies === null || connection.contentToCome < LARGE_BODY_BYTES) return;
  connection.leaveContent((socketFd, length) => {
    const task = { socketFd, fileFd: file.fd, length, crc: file.crc };
    return largeBodies.receive(file.storePath, task, (result) => returned(session, file, result, fail));
  });
}

function returned(
  { connection }: Session,
  file: TemporaryFile,
  result: BodyResult,
  fail: (error: Error) => void,
): void {
  connection.contentTaken(result.received);
  file.noteWritten(result.writeCount, result.crc);
  if (result.end === "peer-lost") {
    connection.destroy();
    return;
  }
  if (result.end === "file-failed") fail(errorOf(result));
  connection.resumeBody();
}
