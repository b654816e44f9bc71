// The 10-byte header that stands before every body (tracker.md §1.1, storage.md §1.1):
//
// | off | size | field                                                        |
// |   0 |    8 | body length, i64 (C: TrackerHeader.pkg_len)                   |
// |   8 |    1 | command; 100 in every response (TRACKER_PROTO_CMD_RESP)       |
// |   9 |    1 | status; a request normally 0, a response 0 or an errno        |

import { HEADER_SIZE } from "./limits.ts";

/** Command byte of every response. */
export const RESPONSE_COMMAND = 100;

export interface Header {
  /** Bytes of body that follow. Negative or beyond 2^53 values survive decoding so that the receiver can refuse them. */
  bodyLength: number;
  command: number;
  status: number;
}

/** Decodes the header at `offset`; the caller has made sure that 10 bytes are there. */
export function decodeHeader(bytes: Uint8Array, offset = 0): Header {
  const high = (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
  const low =
    ((bytes[offset + 4]! << 24) | (bytes[offset + 5]! << 16) | (bytes[offset + 6]! << 8) | bytes[offset + 7]!) >>> 0;
  return { bodyLength: high * 0x1_0000_0000 + low, command: bytes[offset + 8]!, status: bytes[offset + 9]! };
}

/** Writes a header into `target` at `offset` (10 bytes). */
export function encodeHeaderInto(target: Uint8Array, offset: number, header: Header): void {
  const high = Math.floor(header.bodyLength / 0x1_0000_0000);
  const low = header.bodyLength >>> 0;
  target[offset] = high >>> 24;
  target[offset + 1] = high >>> 16;
  target[offset + 2] = high >>> 8;
  target[offset + 3] = high;
  target[offset + 4] = low >>> 24;
  target[offset + 5] = low >>> 16;
  target[offset + 6] = low >>> 8;
  target[offset + 7] = low;
  target[offset + 8] = header.command;
  target[offset + 9] = header.status;
}

/** A header as 10 fresh bytes. */
export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE);
  encodeHeaderInto(bytes, 0, header);
  return bytes;
}

/** A response header without a body: the form of every error answer (storage.md §1.1). */
export function encodeStatus(status: number): Uint8Array {
  return encodeHeader({ bodyLength: 0, command: RESPONSE_COMMAND, status });
}
