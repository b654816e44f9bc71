/**
 * Storages joining a tracker in the ways a plain cluster does not show: identified by id, and two of one group.
 * Files are written and read with hand-packed requests, so only the servers are judged.
 */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { Maker, StorageNode } from "./clusters/cluster.ts";
import { startCluster } from "./clusters/start-cluster.ts";
import { RawClient } from "./raw-client.ts";
import { CheckList, type Verdict } from "./verdict.ts";

export const IDS_ROW = "storage joins tracker with storage ids";
export const TWO_ROW = "two storages of a group join and copy";
const COPY_TIMEOUT_MS = 20_000;
const POLL_MS = 100;
/** Position of the source server in the 20-byte block of a name, little-endian for ids. */
const ID_IN_NAME_100001 = Buffer.from([0xa1, 0x86, 0x01, 0x00]);

/** use_storage_id with id_type_in_filename = id: the name carries id 100001. */
export async function checkStorageIds(tracker: Maker, storage: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  await list.check(IDS_ROW, "ACTIVE, id in the name, download", async () => {
    const cluster = await startCluster(tracker, storage, { storageIds: true });
    try {
      const client = clientOf(cluster.storages[0], cluster.groupName);
      const name = await client.upload(Buffer.from("with an id"), "txt");
      const block = Buffer.from(name.slice("M00/00/00/".length), "base64url");
      assert.deepEqual(block.subarray(0, 4), ID_IN_NAME_100001, `source server in ${name}`);
      assert.equal((await client.download(name)).toString(), "with an id");
    } finally {
      await cluster.stop();
    }
  });
  return list.verdicts;
}

/** Both become ACTIVE under the tracker and each gets the other's files. */
export async function checkTwoStorages(tracker: Maker, storage: Maker): Promise<Verdict[]> {
  const list = new CheckList();
  await list.check(TWO_ROW, "ACTIVE, files copied both ways, delete copied", async () => {
    const cluster = await startCluster(tracker, storage, { storageCount: 2 });
    try {
      const [first, second] = cluster.storages.map((node) => clientOf(node, cluster.groupName));
      assert.ok(first !== undefined && second !== undefined);
      const name = await copied(first, second, "from the first");
      await copied(second, first, "from the second");
      await first.remove(name);
      await eventually(async () => {
        await assert.rejects(second.download(name), /status 2$/);
      });
    } finally {
      await cluster.stop();
    }
  });
  return list.verdicts;
}

async function copied(from: RawClient, to: RawClient, content: string): Promise<string> {
  const name = await from.upload(Buffer.from(content), "txt");
  await eventually(async () => {
    assert.equal((await to.download(name)).toString(), content);
  });
  return name;
}

/** Repeats `body` until it does not throw; after 20 s its last error is thrown. */
async function eventually(body: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + COPY_TIMEOUT_MS;
  for (;;) {
    try {
      await body();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(POLL_MS);
    }
  }
}

function clientOf(node: StorageNode | undefined, groupName: string): RawClient {
  assert.ok(node !== undefined, "the cluster has no storage");
  return new RawClient(node.host, node.port, groupName);
}
