// A storage that is asked for a file which it does not have fetches it from one that does. The file is taken off one
// storage's disk by hand, which is what a copy that has not come yet looks like to a client.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../../core/client/caller.ts";
import { unpackMetadata } from "../../core/client/metadata.ts";
import { parseFileId } from "../../core/fileid/file-id.ts";
import { parseLogicName } from "../../core/fileid/logic-name.ts";
import { ClientConnection } from "../../core/net/client-connection.ts";
import { encodeRequest } from "../../core/wire/command.ts";
import { Status } from "../../core/wire/status.ts";
import { downloadFile, getMetadata, queryFileInfo } from "../../core/wire/storage-client.ts";
import { ProcessCluster, whyNoCluster } from "./support/cluster.ts";
import { DirectReader } from "./support/direct.ts";
import type { Server } from "./support/server.ts";
import { until } from "./support/waiting.ts";

const missing = whyNoCluster("fdfs");
const CONVERGE_MS = 30_000;
const MB = 1024 * 1024;
let cluster: ProcessCluster;

async function connect({ host, port }: Server): Promise<ClientConnection> {
  return ClientConnection.open({ host, port, connectTimeoutMs: 2000, networkTimeoutMs: 10_000 });
}

async function read(server: Server, id: string, offset = 0, byteCount = 0): Promise<Buffer | number> {
  const connection = await connect(server);
  try {
    const request = encodeRequest(downloadFile, { offset, byteCount, ...parseFileId(id) });
    const { status, body } = await connection.download(request);
    if (status !== Status.OK) return status;
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    connection.destroy();
  }
}

function removeFrom(server: Server, id: string): void {
  const { storePathIndex, truePath } = parseLogicName(parseFileId(id).fileName, server.storePaths.length);
  const path = join(server.storePaths[storePathIndex]!, "data", truePath);
  rmSync(path);
  rmSync(`${path}-m`, { force: true });
}

async function isEverywhere(id: string, withMetadata: boolean): Promise<boolean> {
  for (const server of cluster.storages) {
    const reader = await DirectReader.open(server);
    try {
      if ((await reader.content(id)) === null) return false;
      if (withMetadata && (await reader.metadata(id)) === null) return false;
    } finally {
      reader.close();
    }
  }
  return true;
}

/** Uploads where the tracker says and waits until both storages have it. Returns the ID and a storage that then lost it. */
async function lost(content: Buffer, metadata: [string, string][] = []): Promise<{ id: string; without: Server }> {
  const client = cluster.client();
  const id = await client.upload({ kind: "bytes", bytes: content }, { ext: "bin" });
  if (metadata.length > 0) await client.setMetadata(id, new Map(metadata), "overwrite");
  await until("the copies", CONVERGE_MS, async () =>
    (await isEverywhere(id, metadata.length > 0)) ? null : "not yet",
  );
  const without = cluster.storages[1]!;
  removeFrom(without, id);
  return { id, without };
}

describe.skipIf(missing !== null)(`read-through${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    cluster = await ProcessCluster.start({ maker: "fdfs", trackers: 1, storages: 2 });
  });
  afterAll(() => cluster?.stop());

  test("content, a part of it, facts and metadata come from the other storage, and nothing stays here", async () => {
    const content = randomBytes(20 * MB);
    const { id, without } = await lost(content, [["width", "640"]]);
    const whole = await read(without, id);
    expect(typeof whole === "number" ? whole : Buffer.compare(whole, content)).toBe(0);
    expect(await read(without, id, 1000, 10)).toEqual(content.subarray(1000, 1010));
    const connection = await connect(without);
    const info = await ask(connection, queryFileInfo, parseFileId(id));
    expect(info.fileSize).toBe(content.length);
    const answer = await ask(connection, getMetadata, parseFileId(id));
    expect([...unpackMetadata(answer.metadata)]).toEqual([["width", "640"]]);
    connection.destroy();
    const direct = await DirectReader.open(without);
    expect(await direct.content(id)).toBeNull();
    direct.close();
  });

  test("what nobody has is 2, and so is what was deleted", async () => {
    const { id, without } = await lost(randomBytes(100));
    removeFrom(cluster.storages[0]!, id);
    // Taken away by hand: a storage may go on for a second with what it has just read.
    await until(`${id} is nowhere`, 5000, async () => {
      const found = await read(cluster.storages[0]!, id);
      return found === Status.ENOENT ? null : "it is still served";
    });
    expect(await read(without, id)).toBe(Status.ENOENT);
  });

  test("a client that leaves in the middle leaves nothing behind", async () => {
    const content = randomBytes(64 * MB);
    const { id, without } = await lost(content);
    for (let round = 0; round < 5; round++) {
      const connection = await connect(without);
      const request = encodeRequest(downloadFile, { offset: 0, byteCount: 0, ...parseFileId(id) });
      const { body } = await connection.download(request);
      for await (const _ of body) break;
      connection.destroy();
    }
    const again = await read(without, id);
    expect(typeof again === "number" ? again : Buffer.compare(again, content)).toBe(0);
  });

  test("a storage whose only other one is down says 2 soon", async () => {
    const { id, without } = await lost(randomBytes(100));
    await cluster.storages[0]!.kill();
    const started = performance.now();
    expect(await read(without, id)).toBe(Status.ENOENT);
    expect(performance.now() - started).toBeLessThan(6000);
    cluster.storages[0]!.start();
    await cluster.allActive();
  });
});

describe.skipIf(missing !== null)("read_through = off", () => {
  test("a missing file is missing", async () => {
    const both = cluster;
    cluster = await ProcessCluster.start({
      maker: "fdfs",
      trackers: 1,
      storages: 2,
      storageLines: ["read_through=off"],
    });
    try {
      const { id, without } = await lost(randomBytes(100));
      expect(await read(without, id)).toBe(Status.ENOENT);
      expect(await read(cluster.storages[0]!, id)).toBeInstanceOf(Buffer);
    } finally {
      await cluster.stop();
      cluster = both;
    }
  });
});
