// Reading through a storage that lacks the file, on the compiled executable: memory stays bounded for a large file whatever
// the client does, and nothing stays open. What is read through and what is not stands in test/unit and test/cluster.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { parseFileId } from "../../core/fileid/file-id.ts";
import { ClientConnection } from "../../core/net/client-connection.ts";
import { encodeRequest } from "../../core/wire/command.ts";
import { downloadFile, queryFileInfo } from "../../core/wire/storage-client.ts";
import { ProcessCluster, whyNoCluster } from "../cluster/support/cluster.ts";
import { DirectReader } from "../cluster/support/direct.ts";
import type { Server } from "../cluster/support/server.ts";
import { until } from "./support/run.ts";

const missing = whyNoCluster("fdfs");
const MB = 1024 * 1024;
const SIZE = 200 * MB;
/** Far below the file; a storage that reads its own files needs about as much for its buffers. */
const GROWTH_MAX = 96 * MB;

let cluster: ProcessCluster;
let lacks: Server;
let has: Server;
let id: string;
let sha: string;

const pidOf = ({ basePath }: Server): number =>
  Number(readFileSync(join(basePath, "data", "fdfs_storaged.pid"), "latin1"));
const residentBytes = (server: Server): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pidOf(server)}/status`, "latin1"))![1]) * 1024;

function openSockets(server: Server): number {
  const folder = `/proc/${pidOf(server)}/fd`;
  let count = 0;
  for (const name of readdirSync(folder)) {
    try {
      if (readlinkSync(join(folder, name)).startsWith("socket:")) count++;
    } catch {
      // It was closed between the two calls.
    }
  }
  return count;
}

/** Runs `work` and returns by how much the storage's memory grew at most meanwhile. */
async function growthDuring(server: Server, work: () => Promise<void>): Promise<number> {
  const before = residentBytes(server);
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, residentBytes(server));
  }, 20);
  await work().finally(() => clearInterval(watch));
  return Math.max(peak, residentBytes(server)) - before;
}

const request = (): Uint8Array => encodeRequest(downloadFile, { offset: 0, byteCount: 0, ...parseFileId(id) });

/** Connects, asks, and reads `stopAfter` bytes, then nothing more. */
function beginReading(stopAfter: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(lacks.port, lacks.host, () => socket.write(request()));
    let size = 0;
    socket.on("data", (chunk) => {
      size += chunk.length;
      if (size < stopAfter) return;
      socket.pause();
      resolve(socket);
    });
    socket.on("error", reject);
  });
}

describe.skipIf(missing !== null)(`a file of 200 MB${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    cluster = await ProcessCluster.start({ maker: "fdfs", trackers: 1, storages: 2 });
    const content = randomBytes(SIZE);
    sha = createHash("sha256").update(content).digest("hex");
    id = await cluster.client().upload({ kind: "bytes", bytes: content }, { ext: "bin" });
    const pathOn = ({ storePaths }: Server): string => join(storePaths[0]!, "data", parseFileId(id).fileName.slice(4));
    await until("both have it", () => cluster.storages.every((server) => existsSync(pathOn(server))), 60_000);
    [has, lacks] = cluster.storages as [Server, Server];
    rmSync(pathOn(lacks));
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  test("goes through whole, in bounded memory, and is not kept", async () => {
    const hash = createHash("sha256");
    const growth = await growthDuring(lacks, async () => {
      const options = { host: lacks.host, port: lacks.port, connectTimeoutMs: 2000, networkTimeoutMs: 30_000 };
      const connection = await ClientConnection.open(options);
      const { body } = await connection.download(request());
      for await (const chunk of body) hash.update(chunk);
      connection.destroy();
    });
    console.log(`200 MB read through: memory grew by ${Math.round(growth / MB)} MB`);
    expect(hash.digest("hex")).toBe(sha);
    expect(growth).toBeLessThan(GROWTH_MAX);
    const direct = await DirectReader.open(lacks);
    expect(await direct.content(id)).toBeNull();
    direct.close();
  }, 60_000);

  test("a client that stops reading costs little memory; when it leaves in the middle nothing stays open", async () => {
    const open = [openSockets(lacks), openSockets(has)] as const;
    let sockets: net.Socket[] = [];
    const growth = await growthDuring(lacks, async () => {
      sockets = await Promise.all(Array.from({ length: 8 }, () => beginReading(3 * MB)));
      let last = [-1, -1];
      // Until memory and sockets have come to rest.
      await until("it is at rest", async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        const now = [residentBytes(lacks), openSockets(lacks)];
        const isSame = now.every((value, index) => value === last[index]);
        last = now;
        return isSame;
      });
    });
    console.log(`8 stopped readers: memory grew by ${Math.round(growth / MB)} MB`);
    expect(growth).toBeLessThan(GROWTH_MAX);
    for (const socket of sockets) socket.destroy();
    // The connections of finished readings are kept for the next ones.
    await until("all are closed", () => openSockets(lacks) <= open[0] + 1 && openSockets(has) <= open[1] + 1, 10_000);
  }, 60_000);

  test("a C storage that asks whether the file has arrived is told that it has not", async () => {
    const options = { host: lacks.host, port: lacks.port, connectTimeoutMs: 2000, networkTimeoutMs: 30_000 };
    const connection = await ClientConnection.open(options);
    const ask = async (status: number): Promise<number> =>
      (await connection.request(encodeRequest(queryFileInfo, parseFileId(id), { status }))).status;
    expect([await ask(1), await ask(0)]).toEqual([2, 0]);
    connection.destroy();
  });
});
