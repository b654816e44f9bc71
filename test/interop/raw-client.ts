/**
 * Storage requests packed by hand from storage.md section 2, over one connection a request.
 * The data-folder test uses it to judge servers without trusting our own wire code or client.
 */
import { exchange } from "./clusters/tracker-probe.ts";

const GROUP_BYTES = 16;
const EXTENSION_BYTES = 6;
const PREFIX_BYTES = 16;
const SIGNATURE_BYTES = 24;
/** A server whose machine is busy with other tests may take its time. */
const TIMEOUT_MS = 20_000;

export interface FileInfo {
  readonly size: number;
  readonly createTime: number;
  /** Unsigned; the wire sign-extends it. */
  readonly crc32: number;
}

export class RawClient {
  readonly #host: string;
  readonly #port: number;
  readonly #group: string;

  constructor(host: string, port: number, group: string) {
    this.#host = host;
    this.#port = port;
    this.#group = group;
  }

  /** UPLOAD_FILE (11) or UPLOAD_APPENDER_FILE (23); returns the name without the group. */
  async upload(bytes: Uint8Array, extension: string, appender = false, storePath = 0): Promise<string> {
    const head = [Buffer.from([storePath]), number64(bytes.length), text(extension, EXTENSION_BYTES)];
    const body = await this.#call(appender ? 23 : 11, [...head, bytes]);
    return body.subarray(GROUP_BYTES).toString();
  }

  async uploadSlave(master: string, prefix: string, extension: string, bytes: Uint8Array): Promise<string> {
    const lengths = [number64(master.length), number64(bytes.length)];
    const names = [text(prefix, PREFIX_BYTES), text(extension, EXTENSION_BYTES), Buffer.from(master)];
    return (await this.#call(21, [...lengths, ...names, bytes])).subarray(GROUP_BYTES).toString();
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    await this.#call(24, [number64(name.length), number64(bytes.length), Buffer.from(name), bytes]);
  }

  async modify(name: string, offset: number, bytes: Uint8Array): Promise<void> {
    const lengths = [number64(name.length), number64(offset), number64(bytes.length)];
    await this.#call(34, [...lengths, Buffer.from(name), bytes]);
  }

  async truncate(name: string, size: number): Promise<void> {
    await this.#call(36, [number64(name.length), number64(size), Buffer.from(name)]);
  }

  /** REGENERATE_APPENDER_FILENAME (38): the new name of what was an appender file. */
  async regenerate(name: string): Promise<string> {
    return (await this.#call(38, [Buffer.from(name)])).subarray(GROUP_BYTES).toString();
  }

  /** CREATE_LINK (20) without a master: the name of a symlink to `source`. */
  async link(source: string, extension: string): Promise<string> {
    const signature = Buffer.alloc(SIGNATURE_BYTES, 7);
    const lengths = [number64(0), number64(source.length), number64(signature.length)];
    const names = [text(this.#group, GROUP_BYTES), text("", PREFIX_BYTES), text(extension, EXTENSION_BYTES)];
    const body = await this.#call(20, [...lengths, ...names, Buffer.from(source), signature]);
    return body.subarray(GROUP_BYTES).toString();
  }

  download(name: string, offset = 0, length = 0): Promise<Buffer> {
    return this.#call(14, [number64(offset), number64(length), ...this.#file(name)]);
  }

  async remove(name: string): Promise<void> {
    await this.#call(12, this.#file(name));
  }

  /** Overwrites ("O") or merges ("M") metadata. */
  async setMetadata(name: string, flag: "O" | "M", pairs: Readonly<Record<string, string>>): Promise<void> {
    const packed = Buffer.from(
      Object.entries(pairs)
        .map(([key, value]) => `${key}\x02${value}`)
        .join("\x01"),
    );
    const lengths = [number64(name.length), number64(packed.length), Buffer.from(flag)];
    await this.#call(13, [...lengths, ...this.#file(name), packed]);
  }

  /** The packed text as it came. */
  async getMetadata(name: string): Promise<string> {
    return (await this.#call(15, this.#file(name))).toString();
  }

  async info(name: string): Promise<FileInfo> {
    const body = await this.#call(22, this.#file(name));
    return {
      size: Number(body.readBigInt64BE(0)),
      createTime: Number(body.readBigInt64BE(8)),
      crc32: Number(BigInt.asUintN(32, body.readBigInt64BE(16))),
    };
  }

  #file(name: string): Buffer[] {
    return [text(this.#group, GROUP_BYTES), Buffer.from(name)];
  }

  async #call(command: number, parts: readonly Uint8Array[]): Promise<Buffer> {
    const answer = await exchange(this.#host, this.#port, command, Buffer.concat(parts), TIMEOUT_MS);
    if (answer.status !== 0) throw new Error(`command ${command} is answered with status ${answer.status}`);
    return answer.body;
  }
}

function number64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function text(value: string, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.write(value);
  return bytes;
}
