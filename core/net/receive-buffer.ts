// Received bytes that wait to become requests. Whole chunks are kept as they came; only bytes that arrive piece by piece
// are copied together, into a buffer that grows by doubling.

const EMPTY = new Uint8Array(0);

export class ReceiveBuffer {
  #bytes: Uint8Array = EMPTY;
  #isOurs = false;

  get length(): number {
    return this.#bytes.length;
  }

  /** The waiting bytes; valid until the next call that changes them. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  append(chunk: Uint8Array): void {
    const old = this.#bytes;
    if (old.length === 0) {
      this.#bytes = chunk;
      this.#isOurs = false;
      return;
    }
    const length = old.length + chunk.length;
    if (!this.#isOurs || old.byteOffset + length > old.buffer.byteLength) {
      const larger = new Uint8Array(length * 2);
      larger.set(old);
      this.#bytes = larger.subarray(0, length);
      this.#isOurs = true;
    } else {
      this.#bytes = new Uint8Array(old.buffer, old.byteOffset, length);
    }
    this.#bytes.set(chunk, old.length);
  }

  /** Removes up to `size` bytes from the front. They are the caller's: bytes that come later stand behind them. */
  take(size: number): Uint8Array {
    const taken = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(taken.length);
    return taken;
  }

  clear(): void {
    this.#bytes = EMPTY;
  }
}
