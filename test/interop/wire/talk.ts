/**
 * Sends one frame on a connection of its own and puts what the server does into words that can be compared:
 * status, body length, and whether the connection still answers afterwards.
 */
import { connect, type Socket } from "node:net";

const HEADER_BYTES = 10;
const ACTIVE_TEST = 111;
/** A server that has said nothing by then is waiting for more bytes. */
const SILENCE_MS = 700;

/** A frame whose header may lie about the length. */
export function frame(command: number, body: Uint8Array, options: { length?: bigint; status?: number } = {}): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigInt64BE(options.length ?? BigInt(body.length), 0);
  header[8] = command;
  header[9] = options.status ?? 0;
  return Buffer.concat([header, body]);
}

export interface Reaction {
  /** For example "status 22, 0 bytes, then closed". */
  readonly text: string;
  readonly body: Buffer;
}

export async function talk(host: string, port: number, bytes: Uint8Array): Promise<Reaction> {
  const connection = new Connection(connect({ host, port }));
  try {
    await connection.opened;
    connection.send(bytes);
    const answer = await connection.answer();
    if (typeof answer === "string") return { text: answer, body: Buffer.alloc(0) };
    connection.send(frame(ACTIVE_TEST, new Uint8Array(0)));
    const after = await connection.answer();
    const state = typeof after === "string" ? `then ${after}` : `then open (status ${after[9]})`;
    const body = answer.subarray(HEADER_BYTES);
    return { text: `command ${answer[8]}, status ${answer[9]}, ${body.length} bytes, ${state}`, body };
  } finally {
    connection.close();
  }
}

class Connection {
  readonly opened: Promise<void>;
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #closed = false;
  #changed: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    this.opened = new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#changed();
    });
    socket.on("close", () => {
      this.#closed = true;
      this.#changed();
    });
  }

  send(bytes: Uint8Array): void {
    if (!this.#closed) this.#socket.write(bytes);
  }

  /** The next whole frame, or "closed", or "silent". */
  async answer(): Promise<Buffer | "closed" | "silent"> {
    const deadline = Date.now() + SILENCE_MS;
    for (;;) {
      const whole = this.#take();
      if (whole !== null) return whole;
      if (this.#closed) return "closed";
      const left = deadline - Date.now();
      if (left <= 0) return "silent";
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(): Buffer | null {
    if (this.#received.length < HEADER_BYTES) return null;
    const end = HEADER_BYTES + Number(this.#received.readBigInt64BE(0));
    if (this.#received.length < end) return null;
    const whole = this.#received.subarray(0, end);
    this.#received = this.#received.subarray(end);
    return whole;
  }
}
