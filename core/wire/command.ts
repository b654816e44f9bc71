// One declaration a command: its number, its request and its response. Servers, clients, tests and the packet printer
// read the same object; no other file contains a bare command number.

import { encodeHeaderInto, type Header, RESPONSE_COMMAND } from "./header.ts";
import type { Layout } from "./layout.ts";
import { HEADER_SIZE } from "./limits.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { IpSize } from "./reader.ts";

export interface Command<Q, S> {
  readonly number: number;
  /** The C name without its TRACKER_PROTO_CMD_ / STORAGE_PROTO_CMD_ prefix. */
  readonly name: string;
  readonly request: Layout<Q>;
  /** The request's fields are followed by a file's bytes, up to the end of the body. */
  readonly requestStream: boolean;
  readonly response: Layout<S>;
  /** The response body is a file's bytes (the layout then is empty). */
  readonly responseStream: boolean;
  /** False for QUIT, the one request that gets no answer. */
  readonly answered: boolean;
}

interface Declaration<Q, S> {
  number: number;
  name: string;
  request: Layout<Q>;
  response: Layout<S>;
  requestStream?: boolean;
  responseStream?: boolean;
  answered?: boolean;
}

export function command<Q, S>(declaration: Declaration<Q, S>): Command<Q, S> {
  return { requestStream: false, responseStream: false, answered: true, ...declaration };
}

function frame(body: Uint8Array, header: Header): Uint8Array {
  const packet = new Uint8Array(HEADER_SIZE + body.length);
  encodeHeaderInto(packet, 0, header);
  packet.set(body, HEADER_SIZE);
  return packet;
}

/** A whole request: header and fields; `streamLength` bytes of content are announced but not included. */
export function encodeRequest<Q, S>(
  declaration: Command<Q, S>,
  value: Q,
  options: { streamLength?: number; status?: number; ipSize?: IpSize } = {},
): Uint8Array {
  const body = declaration.request.format(value, options.ipSize);
  const bodyLength = body.length + (options.streamLength ?? 0);
  return frame(body, { bodyLength, command: declaration.number, status: options.status ?? 0 });
}

/** A whole successful response. */
export function encodeResponse<Q, S>(declaration: Command<Q, S>, value: S, ipSize?: IpSize): Uint8Array {
  const body = declaration.response.format(value, ipSize);
  return frame(body, { bodyLength: body.length, command: RESPONSE_COMMAND, status: 0 });
}

/** Decodes a response body; the IP size is recognised by the length, as every client does (tracker.md §1.5). */
export function decodeResponse<Q, S>(declaration: Command<Q, S>, body: Uint8Array): S {
  const ipSize = declaration.response.ipSizeOf(body.length);
  if (ipSize === null) {
    throw new ProtocolError(`Cannot use the answer to ${declaration.name}: no known layout has ${body.length} bytes`);
  }
  return declaration.response.parse(body, ipSize);
}
