// Answers whose length nobody knows beforehand: the header announces 2^58 bytes, lines follow, at the end eight bytes with
// the number of bytes sent, then the connection closes (storage.md §2.14). What the lines are is their makers' business.

import { OPEN_LENGTH } from "../../net/content-sender.ts";
import { encodeHeader, RESPONSE_COMMAND } from "../../wire/header.ts";
import { HEADER_SIZE } from "../../wire/limits.ts";
import { Status } from "../../wire/status.ts";
import type { Session } from "../io/session.ts";

const TRAILER_SIZE = 8;

/** Sends what `pieces` yields, latin1 text of any size; other connections are served between two pieces. */
export function replyWithLines(session: Session, pieces: AsyncIterable<string>): void {
  const head = encodeHeader({ bodyLength: OPEN_LENGTH, command: RESPONSE_COMMAND, status: Status.OK });
  session.connection.replyOpenContent(head, framed(pieces), (error, bytesSent) => {
    if (error !== null)
      session.worker.log.warn(`A list for ${session.connection.remoteAddress} ended early: ${error.message}`);
    session.record(error === null ? Status.OK : Status.EIO, HEADER_SIZE + bytesSent);
  });
}

async function* framed(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of pieces) {
    if (piece !== "") {
      const bytes = Buffer.from(piece, "latin1");
      size += bytes.length;
      yield bytes;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const trailer = new Uint8Array(TRAILER_SIZE);
  new DataView(trailer.buffer).setBigInt64(0, BigInt(size));
  yield trailer;
}
