// One connection of the floor server: whole uploads (11) and downloads (14) with nothing but the file system calls they
// need. It trusts its client: no bounds, no names checked, no errors answered; an exception ends the server.

import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import type { Socket } from "bun";
import { native } from "../../../core/runtime/index.ts";
import type { FloorFolder } from "./folder.ts";

const HEADER_BYTES = 10;
const GROUP_BYTES = 16;
/** Store path index, size, extension. */
const UPLOAD_FIELD_BYTES = 15;
/** Behind offset, count and group. */
const DOWNLOAD_NAME_AT = HEADER_BYTES + 32;
const UPLOAD_FILE = 11;
const RESPONSE = 100;
/** Up to here one read and one write, header included, cost less than sendfile. */
const SMALL_BYTES = 32 * 1024;
const PROBE_BYTES = 4096;
const EAGAIN = -11;

const small = Buffer.alloc(HEADER_BYTES + SMALL_BYTES);

function writeHeader(target: Buffer, bodyLength: number): void {
  target.writeUInt32BE(Math.floor(bodyLength / 2 ** 32), 0);
  target.writeUInt32BE(bodyLength >>> 0, 4);
  target[8] = RESPONSE;
  target[9] = 0;
}

export class FloorConnection {
  readonly #folder: FloorFolder;
  readonly #answer: Buffer;
  #fd = -1;
  #name = "";
  /** Content bytes of the upload that are still to come, or of the download that are still to be sent. */
  #left = 0;
  #offset = 0;
  #isSending = false;
  /** What the socket did not take of a small answer. */
  #unsent: Uint8Array | null = null;

  constructor(folder: FloorFolder, groupName: string) {
    this.#folder = folder;
    this.#answer = Buffer.alloc(HEADER_BYTES + GROUP_BYTES + folder.nameLength);
    writeHeader(this.#answer, GROUP_BYTES + folder.nameLength);
    this.#answer.write(groupName, HEADER_BYTES);
  }

  take(socket: Socket<FloorConnection>, chunk: Buffer): void {
    if (this.#fd >= 0) this.#write(socket, chunk, 0);
    else if (chunk[8] === UPLOAD_FILE) {
      this.#left = chunk.readUInt32BE(0) * 2 ** 32 + chunk.readUInt32BE(4) - UPLOAD_FIELD_BYTES;
      this.#name = this.#folder.nextName();
      this.#fd = openSync(this.#folder.pathOf(this.#name), "wx");
      this.#write(socket, chunk, HEADER_BYTES + UPLOAD_FIELD_BYTES);
    } else this.#send(socket, chunk.toString("latin1", DOWNLOAD_NAME_AT));
  }

  drain(socket: Socket<FloorConnection>): void {
    const rest = this.#unsent;
    this.#unsent = null;
    if (rest !== null && !this.#put(socket, rest)) return;
    if (this.#isSending) this.#sendFile(socket);
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
    this.#isSending = false;
  }

  #write(socket: Socket<FloorConnection>, chunk: Buffer, start: number): void {
    if (chunk.length > start) this.#left -= writeSync(this.#fd, chunk, start, chunk.length - start, null);
    if (this.#left > 0) return;
    this.close();
    this.#folder.log(this.#name);
    this.#answer.write(this.#name, HEADER_BYTES + GROUP_BYTES, "latin1");
    this.#put(socket, this.#answer);
  }

  #send(socket: Socket<FloorConnection>, name: string): void {
    const fd = openSync(this.#folder.pathOf(name), "r");
    const size = fstatSync(fd).size;
    if (size <= SMALL_BYTES) {
      writeHeader(small, size);
      readSync(fd, small, HEADER_BYTES, size, 0);
      closeSync(fd);
      this.#put(socket, small.subarray(0, HEADER_BYTES + size));
      return;
    }
    this.#fd = fd;
    this.#left = size;
    this.#offset = 0;
    this.#isSending = true;
    writeHeader(small, size);
    native()!.sendMore(descriptor(socket), small.subarray(0, HEADER_BYTES));
    this.#sendFile(socket);
  }

  #sendFile(socket: Socket<FloorConnection>): void {
    while (this.#left > 0) {
      const sent = native()!.sendFile(descriptor(socket), this.#fd, this.#offset, this.#left);
      if (sent > 0) {
        this.#offset += sent;
        this.#left -= sent;
      } else if (sent !== EAGAIN) {
        // The client is gone.
        socket.end();
        break;
      } else if (!this.#probe(socket)) return;
    }
    this.close();
  }

  /** Sendfile met a full socket: only an ordinary write that is not taken whole makes the runtime tell of room. */
  #probe(socket: Socket<FloorConnection>): boolean {
    const length = readSync(this.#fd, small, 0, Math.min(PROBE_BYTES, this.#left), this.#offset);
    this.#offset += length;
    this.#left -= length;
    return this.#put(socket, small.subarray(0, length));
  }

  /** Whether the socket took all; the rest goes with the next drain. */
  #put(socket: Socket<FloorConnection>, bytes: Uint8Array): boolean {
    const taken = Math.max(0, socket.write(bytes));
    if (taken === bytes.length) return true;
    this.#unsent = bytes.slice(taken);
    return false;
  }
}

function descriptor(socket: Socket<FloorConnection>): number {
  return (socket as unknown as { fd: number }).fd;
}
