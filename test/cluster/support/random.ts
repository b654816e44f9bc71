// Chance that can be repeated: everything a test picks comes from one seed.

import { Random as Numbers } from "../../../core/bench/random.ts";

export class Random extends Numbers {
  /** A whole number, both ends included. */
  between(least: number, greatest: number): number {
    return least + Math.floor(this.next() * (greatest - least + 1));
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.next() * list.length)];
  }

  /** Bytes that are told apart wherever one looks. */
  bytes(size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(Math.floor(this.next() * 0x1_0000_0000), at);
    for (let at = size - (size % 4); at < size; at++) bytes[at] = this.between(0, 255);
    return bytes;
  }
}
