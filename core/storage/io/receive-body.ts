// The way of a streamed body into its file: written where it arrives, until it has become so large that the disk may make
// writes wait. From then on another thread writes, and the sender is held back meanwhile, so that the other connections of
// this worker do not wait for one large upload.

import type { TemporaryFile } from "./new-file.ts";
import type { Session } from "./session.ts";

/** Takes a piece of the body; `fail` is called when it could not be written. */
export function receiveBody(
  { connection }: Session,
  file: TemporaryFile,
  piece: Uint8Array,
  fail: (error: unknown) => void,
): void {
  if (!file.isLarge) {
    try {
      file.write(piece);
    } catch (error) {
      fail(error);
    }
    return;
  }
  connection.pauseBody();
  file.writeAside(piece, (error) => {
    if (error !== null) fail(error);
    connection.resumeBody();
  });
}
