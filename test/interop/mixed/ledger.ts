/**
 * What was stored and changed and acknowledged, and the check that a storage gives all of it back.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { RawClient } from "../raw-client.ts";

export class Ledger {
  /** Names without the group to their content. */
  readonly files = new Map<string, Buffer>();
  /** Packed and sorted as GET_METADATA answers. */
  readonly metadata = new Map<string, string>();
  readonly gone = new Set<string>();

  remove(name: string): void {
    this.files.delete(name);
    this.metadata.delete(name);
    this.gone.add(name);
  }

  /** Asks one storage for everything; throws at the first answer that is not as it must be. */
  async verify(client: RawClient): Promise<void> {
    for (const [name, bytes] of this.files) {
      assert.equal((await client.info(name)).size, bytes.length, `size of ${name}`);
      // C answers 22 for an empty file since 6.15.4; the trees' comparison covers those.
      if (bytes.length > 0) assert.ok((await client.download(name)).equals(bytes), `content of ${name} differs`);
      const expected = this.metadata.get(name);
      if (expected !== undefined) assert.equal(await client.getMetadata(name), expected, `metadata of ${name}`);
      else await assert.rejects(client.getMetadata(name), /status 2$/, `${name} has metadata`);
    }
    for (const name of this.gone) await assert.rejects(client.download(name), /status 2$/, `${name} is still there`);
  }
}

/** Bytes that differ for every seed. */
export function pattern(size: number, seed: string): Buffer {
  const block = createHash("sha512").update(seed).digest();
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += block.length) block.copy(bytes, at);
  return bytes;
}
