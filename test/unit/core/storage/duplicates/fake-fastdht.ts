// A FastDHT server in memory, with its own reading of the protocol (trunk-dedup-recovery.md §2.7): SET, INC, GET, DEL.

import net from "node:net";
import type { ServerAddress } from "../../../../../conf/index.ts";

const HEADER = 19;
const [SET, INC, GET, DEL, RESPONSE] = [11, 12, 13, 14, 40];

export class FakeFastdht {
  readonly address: ServerAddress;
  readonly port: number;
  accepted = 0;
  requests = 0;
  /** Told of each request once it is done; true: it is not answered. */
  isSilent: (command: string, entry: string) => boolean = () => false;
  /** Answered to everything unless it is 0. */
  status = 0;
  /** `namespace 01 object id 01 key` */
  readonly entries = new Map<string, Buffer>();
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(host: string, port: number) {
    this.address = { hosts: [host], port };
    this.port = port;
    this.#server = net.createServer((socket) => this.#serve(socket));
  }

  static async start(host: string, port: number): Promise<FakeFastdht> {
    const fake = new FakeFastdht(host, port);
    await new Promise<void>((resolve) => fake.#server.listen(port, host, resolve));
    return fake;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: net.Socket): void {
    this.accepted++;
    this.#sockets.add(socket);
    let received: Buffer = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (piece: Buffer) => {
      received = Buffer.concat([received, piece]);
      while (received.length >= HEADER && received.length >= HEADER + received.readInt32BE(0)) {
        const length = HEADER + received.readInt32BE(0);
        this.requests++;
        const answer = this.#answer(received.subarray(0, HEADER), received.subarray(HEADER, length));
        if (answer !== null) socket.write(answer);
        received = received.subarray(length);
      }
    });
  }

  #answer(header: Buffer, body: Buffer): Buffer | null {
    const { status, value } = this.status !== 0 ? { status: this.status, value: null } : this.#do(header[16]!, body);
    const word = { [SET!]: "SET", [INC!]: "INC", [GET!]: "GET", [DEL!]: "DEL" }[header[16]!] ?? "?";
    if (this.isSilent(word, body.toString("latin1"))) return null;
    const content =
      value === null
        ? Buffer.alloc(0)
        : Buffer.concat([Buffer.from(Uint32Array.of(value.length).buffer).reverse(), value]);
    const answer = Buffer.from(header);
    answer.writeInt32BE(content.length, 0);
    answer[16] = RESPONSE!;
    answer[18] = status;
    return Buffer.concat([answer, content]);
  }

  #do(command: number, body: Buffer): { status: number; value: Buffer | null } {
    let at = 0;
    const part = (): Buffer => {
      const length = body.readInt32BE(at);
      at += 4 + length;
      return body.subarray(at - length, at);
    };
    const entry = [part(), part(), part()].map((each) => each.toString("latin1")).join("\x01");
    const found = this.entries.get(entry) ?? null;
    if (command === SET) this.entries.set(entry, Buffer.from(part()));
    if (command === SET) return { status: at === body.length ? 0 : 22, value: null };
    if (command === INC) {
      const value = Buffer.from(String(Number(found?.toString() ?? "0") + body.readInt32BE(at)));
      this.entries.set(entry, value);
      return { status: 0, value };
    }
    if (command === DEL) return { status: this.entries.delete(entry) ? 0 : 2, value: null };
    return command === GET && found !== null ? { status: 0, value: found } : { status: 2, value: null };
  }
}
