/**
 * Starts a tracker and storages of any makers in a temporary folder and waits until the group takes uploads.
 * It waits by asking the tracker, never by sleeping a fixed time, and leaves nothing running when a start fails.
 */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, takeAddress } from "./addresses.ts";
import { cStorage, cTracker } from "./c-cluster.ts";
import type { Cluster, ClusterOptions, Maker, ServerNode, StorageNode } from "./cluster.ts";
import { fdfsStorage, fdfsTracker } from "./fdfs-cluster.ts";
import { clientConf, storageConf, trackerConf } from "./server-conf.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { answers, groupState } from "./tracker-probe.ts";

const GROUP = "group1";
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const TELLING_LINES = 4;

/** Folders of clusters not stopped yet: removed when the process ends early. server-process.ts kills their servers first. */
const folders = new Set<string>();
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export async function startCluster(tracker: Maker, storage: Maker, options: ClusterOptions = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "fdfs-interop-"));
  folders.add(folder);
  const processes = new Map<ServerNode, ServerProcess>();
  const stop = async (): Promise<void> => {
    await Promise.all([...processes.values()].map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  };
  try {
    const trackerNode = await layTracker(folder, tracker, options);
    const storageNodes = await layStorages(folder, storage, trackerNode, options);
    if (options.storageIds === true) writeStorageIds(folder, trackerNode, storageNodes);
    const conf = join(folder, "client.conf");
    mkdirSync(join(folder, "client"));
    writeFileSync(conf, clientConf(join(folder, "client"), [`${trackerNode.host}:${trackerNode.port}`]));
    const logs = (): string => [trackerNode, ...storageNodes].map((node) => nodeLog(node, processes)).join("\n");

    run(processes, trackerNode, tracker === "c" ? cTracker : fdfsTracker);
    const ping = (): Promise<string> =>
      answers(trackerNode.host, trackerNode.port).then(
        () => "ready",
        (error: Error) => error.message,
      );
    await waitReady("tracker", ping, processes, logs);
    const runStorage = (node: StorageNode, maker: Maker): void =>
      run(processes, node, maker === "c" ? cStorage : fdfsStorage);
    for (const node of storageNodes) runStorage(node, storage);
    const state = (): Promise<string> => groupState(trackerNode.host, trackerNode.port, GROUP, storageNodes.length);
    await waitReady("group", state, processes, logs);

    return {
      name: clusterName(tracker, storage),
      trackerHost: trackerNode.host,
      trackerPort: trackerNode.port,
      tracker: trackerNode,
      storages: storageNodes,
      groupName: GROUP,
      clientConf: conf,
      folder,
      logs,
      stop,
      async replaceStorage(index, maker) {
        const node = storageNodes[index];
        if (node === undefined) throw new Error(`The cluster has no storage ${index}`);
        await processes.get(node)?.stop();
        const left = async (): Promise<string> => ((await state()) === "ready" ? "still ACTIVE" : "ready");
        await waitReady("departure of the old storage", left, processes, logs, node);
        runStorage(node, maker);
        await waitReady("group", state, processes, logs);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function clusterName(tracker: Maker, storage: Maker): string {
  if (tracker === storage) return tracker === "c" ? "all C" : "all ours";
  return tracker === "c" ? "C tracker + our storage" : "our tracker + C storage";
}

async function layTracker(folder: string, maker: Maker, options: ClusterOptions): Promise<ServerNode> {
  const host = takeAddress();
  const port = await freePort([host]);
  const basePath = join(folder, "tracker");
  mkdirSync(basePath);
  const confPath = join(folder, "tracker.conf");
  writeFileSync(confPath, trackerConf({ host, port, basePath, options }));
  return { maker, host, port, confPath, basePath };
}

async function layStorages(
  folder: string,
  maker: Maker,
  tracker: ServerNode,
  options: ClusterOptions,
): Promise<StorageNode[]> {
  const hosts = Array.from({ length: options.storageCount ?? 1 }, takeAddress);
  const port = await freePort(hosts);
  return hosts.map((host, index) => {
    const basePath = join(folder, `storage${index}`);
    const storePaths = Array.from({ length: options.storePathCount ?? 1 }, (_, path) => join(basePath, `path${path}`));
    for (const path of storePaths) mkdirSync(path, { recursive: true });
    const confPath = join(folder, `storage${index}.conf`);
    const address = `${tracker.host}:${tracker.port}`;
    writeFileSync(
      confPath,
      storageConf({ host, port, basePath, options, groupName: GROUP, trackers: [address], storePaths }),
    );
    return { maker, host, port, confPath, basePath, storePaths };
  });
}

function writeStorageIds(folder: string, tracker: ServerNode, storages: readonly StorageNode[]): void {
  const path = join(folder, "storage_ids.conf");
  writeFileSync(path, storages.map((node, index) => `${100001 + index} ${GROUP} ${node.host}:${node.port}\n`).join(""));
  appendFileSync(tracker.confPath, `use_storage_id = true\nid_type_in_filename = id\nstorage_ids_filename = ${path}\n`);
}

function run(
  processes: Map<ServerNode, ServerProcess>,
  node: ServerNode,
  command: (confPath: string) => string[],
): void {
  processes.set(node, startServer(command(node.confPath), `${node.basePath}.out`));
}

async function waitReady(
  what: string,
  probe: () => Promise<string>,
  processes: ReadonlyMap<ServerNode, ServerProcess>,
  logs: () => string,
  mayBeGone?: ServerNode,
): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const state = await probe();
    if (state === "ready") return;
    const dead = [...processes].find(([node, server]) => node !== mayBeGone && server.ended() !== null);
    const found = dead === undefined ? state : `${dead[0].confPath}: ${dead[1].ended()}`;
    if (dead !== undefined || Date.now() > deadline) {
      throw new Error(`Waited for the ${what}, found: ${found}; ${tellingLines(logs())}`);
    }
    await pause(POLL_MS);
  }
}

/** The last log lines that speak of trouble, or the last lines when none does. */
function tellingLines(log: string): string {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const trouble = lines.filter((line) => /\b(ERROR|CRIT|WARN|WARNING|error)\b/.test(line));
  return (trouble.length > 0 ? trouble : lines).slice(-TELLING_LINES).join(" / ");
}

function nodeLog(node: ServerNode, processes: ReadonlyMap<ServerNode, ServerProcess>): string {
  const parts = [`== ${node.maker} ${node.confPath}`, processes.get(node)?.output() ?? ""];
  const folder = join(node.basePath, "logs");
  try {
    for (const name of readdirSync(folder)) parts.push(`-- ${name}`, readFileSync(join(folder, name), "utf8"));
  } catch {
    parts.push("-- no log folder");
  }
  return parts.join("\n");
}
