// Who hands out slots: what the leading tracker says, what each storage says of itself, and how the role is moved by hand.

import { ask } from "../../../core/client/caller.ts";
import { ClientConnection } from "../../../core/net/client-connection.ts";
import { type TrunkReport, trunkStatus } from "../../../core/wire/own-commands.ts";
import { listStorage, setTrunkServer } from "../../../core/wire/tracker-list.ts";
import { GROUP, type ProcessCluster } from "./cluster.ts";
import type { Server } from "./server.ts";
import { until } from "./waiting.ts";

const SERVING_TIMEOUT_MS = 60_000;

async function talk<T>({ host, port }: Server, use: (connection: ClientConnection) => Promise<T>): Promise<T> {
  const connection = await ClientConnection.open({ host, port, connectTimeoutMs: 2000, networkTimeoutMs: 5000 });
  try {
    return await use(connection);
  } finally {
    connection.destroy();
  }
}

/** The storage that the tracker has appointed; null: none, or the tracker does not tell. */
export async function appointed({ trackers, storages }: ProcessCluster): Promise<Server | null> {
  const request = { groupName: GROUP, storageId: "" };
  try {
    const list = await talk(trackers[0]!, (connection) => ask(connection, listStorage, request));
    const named = list.storages.find(({ isTrunkServer }) => isTrunkServer);
    return storages.find(({ host }) => host === named?.ipAddress) ?? null;
  } catch {
    return null;
  }
}

/** Makes a storage the trunk server; the status that stands against it, 0 when it is. */
export async function appoint({ trackers }: ProcessCluster, storage: Server): Promise<number> {
  const request = { groupName: GROUP, storageId: storage.host };
  return talk(trackers[0]!, (connection) => ask(connection, setTrunkServer, request)).then(
    () => 0,
    (error: { status?: number }) => error.status ?? -1,
  );
}

/** What a storage says of its part; null: it does not answer, or has no trunk files. */
export async function reportOf(storage: Server): Promise<TrunkReport | null> {
  try {
    const { json } = await talk(storage, (connection) => ask(connection, trunkStatus, {}));
    return json === "" ? null : (JSON.parse(json) as TrunkReport);
  } catch {
    return null;
  }
}

/** Waits until the appointed storage hands out slots; resolves with it. `whole`: inherited space, too. */
export async function serving(cluster: ProcessCluster, whole = false): Promise<Server> {
  let found: Server | null = null;
  await until("a trunk server that serves", SERVING_TIMEOUT_MS, async () => {
    found = await appointed(cluster);
    if (found === null) return "the tracker has appointed none";
    const report = await reportOf(found);
    if (report?.role !== "serving") return `${found.label} is ${report?.role ?? "silent"}: ${report?.reason ?? ""}`;
    return whole && report.quarantinedBlocks > 0
      ? `${found.label} keeps ${report.quarantinedBlocks} blocks back: ${report.reason}`
      : null;
  });
  return found!;
}
