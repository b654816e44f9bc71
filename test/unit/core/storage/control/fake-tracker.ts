// A tracker of a test: listens, notes every request as it came, answers from a table that the test changes as it goes.

import net from "node:net";
import { decodeHeader, encodeHeader } from "../../../../../core/wire/header.ts";

export interface SeenRequest {
  readonly command: number;
  readonly body: Buffer;
  /** Counts the connections of this tracker from 0. */
  readonly connection: number;
}

interface FakeAnswer {
  readonly status?: number;
  readonly body?: Uint8Array;
}

type Answerer = (request: SeenRequest, localAddress: string) => FakeAnswer;

const HEADER_SIZE = 10;
const PARAMETERS =
  "use_storage_id=0\nid_type_in_filename=ip\ntrust_storage_server_id=0\nresponse_ip_addr_size=16\n" +
  "storage_ip_changed_auto_adjust=0\nstorage_sync_file_max_delay=86400\nstore_path=0\nreserved_storage_space=1MB\nuse_trunk_file=0\n";

export class FakeTracker {
  readonly seen: SeenRequest[] = [];
  readonly answers = new Map<number, Answerer>();
  readonly host: string;
  #port = 0;
  #server: net.Server | undefined;
  readonly #sockets = new Set<net.Socket>();
  #connections = 0;
  readonly #watchers = new Set<() => void>();

  constructor(host: string) {
    this.host = host;
    this.answers.set(60, (_, address) => ({ body: Buffer.from(address) }));
    this.answers.set(75, () => ({ body: Buffer.from(this.parameters) }));
    this.answers.set(81, () => ({ body: Buffer.alloc(17) }));
    for (const report of [83, 84, 89]) this.answers.set(report, () => ({ body: Buffer.from([0]) }));
    for (const plain of [59, 68, 76, 77, 85, 87, 88]) this.answers.set(plain, () => ({}));
    // No leader, not even a group (tracker.md §7.2).
    this.answers.set(64, () => ({ status: 2 }));
  }

  parameters = PARAMETERS;

  get port(): number {
    return this.#port;
  }

  /** Listens; on the same port as before when it was stopped. */
  start(): Promise<void> {
    this.#server = net.createServer((socket) => this.#serve(socket));
    return new Promise((resolve) => {
      this.#server!.listen(this.#port, this.host, () => {
        this.#port = (this.#server!.address() as net.AddressInfo).port;
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    this.disconnectAll();
    return new Promise((resolve) => (this.#server === undefined ? resolve() : this.#server.close(() => resolve())));
  }

  disconnectAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Numbers of the commands seen so far. */
  get commands(): number[] {
    return this.seen.map(({ command }) => command);
  }

  of(command: number): SeenRequest[] {
    return this.seen.filter((request) => request.command === command);
  }

  /** Resolves when `condition` holds, looked at after every request; rejects with what was seen instead. */
  until(what: string, condition: () => boolean, timeoutMs = 10_000): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#watchers.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(check);
        reject(new Error(`Waited for ${what}; the tracker has seen the commands ${this.commands.join(" ")}`));
      }, timeoutMs);
      this.#watchers.add(check);
    });
  }

  /** Resolves with the first request of `command` after the first `skip` ones. */
  async request(command: number, skip = 0): Promise<SeenRequest> {
    await this.until(`command ${command}, number ${skip + 1}`, () => this.of(command).length > skip);
    return this.of(command)[skip]!;
  }

  #serve(socket: net.Socket): void {
    const connection = this.#connections++;
    this.#sockets.add(socket);
    let waiting = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= HEADER_SIZE) {
        const { bodyLength, command } = decodeHeader(waiting);
        if (waiting.length < HEADER_SIZE + bodyLength) return;
        const body = Buffer.from(waiting.subarray(HEADER_SIZE, HEADER_SIZE + bodyLength));
        waiting = waiting.subarray(HEADER_SIZE + bodyLength);
        this.#answer(socket, { command, body, connection });
      }
    });
  }

  #answer(socket: net.Socket, request: SeenRequest): void {
    this.seen.push(request);
    if (request.command !== 82) {
      const answer: Answerer = this.answers.get(request.command) ?? (() => ({ status: 22 }));
      const { status = 0, body = new Uint8Array(0) } = answer(request, socket.remoteAddress ?? "");
      socket.write(Buffer.concat([encodeHeader({ bodyLength: body.length, command: 100, status }), body]));
    }
    for (const watch of [...this.#watchers]) watch();
  }
}
