/**
 * A group of storages and its trackers in which every server is of a maker of its own and can be stopped, killed and
 * started again, by the same or the other maker, on the same configuration and folders. What is done to the group and
 * judged is elsewhere.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, takeAddress } from "../clusters/addresses.ts";
import { cStorage, cTracker } from "../clusters/c-cluster.ts";
import { fdfsStorage, fdfsTracker } from "../clusters/fdfs-cluster.ts";
import { clientConf, storageConf, trackerConf } from "../clusters/server-conf.ts";
import { answers, STATUS_ACTIVE, storageStates } from "../clusters/tracker-probe.ts";
import { RawClient } from "../raw-client.ts";
import { Member } from "./member.ts";
import { eventually, Hopeless } from "./waiting.ts";

const GROUP = "group1";
const READY_TIMEOUT_MS = 60_000;

/** Folders of groups not stopped yet: removed when the process ends early, after server-process.ts has killed the servers. */
const folders = new Set<string>();
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export interface MixedPlan {
  /** How many are laid out; none is started. */
  readonly trackerCount: number;
  readonly storageCount: number;
  /** All trackers on this address with ports of their own; by default each has a loopback address. */
  readonly trackerAddress?: string;
  /** Ids in names and mark files, and all storages on one address with different ports (storage.md 13, variant B). */
  readonly storageIds?: boolean;
  readonly extraStorageConf?: string;
}

export class MixedGroup {
  readonly groupName = GROUP;
  readonly folder: string;
  readonly trackers: Member[] = [];
  readonly storages: Member[] = [];
  readonly clientConf: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.clientConf = join(folder, "client.conf");
  }

  /** Writes folders and configuration; starts nothing. */
  static async layOut(plan: MixedPlan): Promise<MixedGroup> {
    const folder = mkdtempSync(join(tmpdir(), "fdfs-mixed-"));
    folders.add(folder);
    const group = new MixedGroup(folder);
    for (let index = 0; index < plan.trackerCount; index++) await group.#layTracker(index, plan);
    await group.#layStorages(plan);
    if (plan.storageIds === true) group.#writeIds();
    const base = join(folder, "client");
    mkdirSync(base);
    const addresses = group.trackers.map((tracker) => tracker.address);
    writeFileSync(group.clientConf, clientConf(base, addresses));
    return group;
  }

  client(storage: Member): RawClient {
    return new RawClient(storage.host, storage.port, GROUP);
  }

  /** Waits until every running storage is ACTIVE on every running tracker, and the stopped ones are not. */
  async settled(timeoutMs = READY_TIMEOUT_MS): Promise<void> {
    const running = this.trackers.filter((tracker) => tracker.isUp);
    await eventually("all running storages ACTIVE", timeoutMs, () => {
      this.#nobodyDied();
      return Promise.all(running.map((tracker) => this.#check(tracker)));
    }).catch((error: Error) => {
      throw new Error(`${error.message}; ${this.troubles()}`);
    });
  }

  /** Stops all servers and removes the folder. */
  async stop(): Promise<void> {
    await Promise.all([...this.storages, ...this.trackers].map((member) => member.stop()));
    if (process.env.FDFS_KEEP_FOLDERS === undefined) rmSync(this.folder, { recursive: true, force: true });
    folders.delete(this.folder);
  }

  /** The last log lines of each server that speak of trouble. */
  troubles(): string {
    return [...this.trackers, ...this.storages].map((member) => member.troubles()).join(" / ");
  }

  /** The running storage that hands `storage` the old files, as the first tracker says; rejects when there is none. */
  async syncSourceOf(storage: Member): Promise<Member> {
    const [tracker] = this.trackers;
    const states = tracker === undefined ? null : await storageStates(tracker.host, tracker.port, GROUP);
    const id = states?.get(storage.address)?.syncSourceId;
    const source = this.storages.find(({ host }) => host === id);
    if (source === undefined) throw new Error(`${storage.label} has the source "${id}"`);
    return source;
  }

  async #check(tracker: Member): Promise<void> {
    const states = await storageStates(tracker.host, tracker.port, GROUP);
    for (const storage of this.storages) {
      if (storage.isUp) await answers(storage.host, storage.port);
      const state = states.get(storage.address)?.status;
      if ((state === STATUS_ACTIVE) === storage.isUp) continue;
      const is = storage.isUp ? "running" : "stopped";
      throw new Error(`${tracker.label} gives ${storage.label}, which is ${is}, the status ${state ?? "unknown"}`);
    }
  }

  #nobodyDied(): void {
    for (const member of [...this.trackers, ...this.storages]) {
      const end = member.unexpectedEnd();
      if (end !== null) throw new Hopeless(`${member.label} ended: ${end}`);
    }
  }

  async #layTracker(index: number, plan: MixedPlan): Promise<void> {
    const host = plan.trackerAddress ?? takeAddress();
    let port = await freePort([host]);
    while (this.trackers.some((tracker) => tracker.port === port)) port = await freePort([host]);
    const basePath = join(this.folder, `tracker${index}`);
    mkdirSync(basePath);
    const confPath = `${basePath}.conf`;
    writeFileSync(confPath, trackerConf({ host, port, basePath, options: {} }));
    const commands = { c: cTracker(confPath), fdfs: fdfsTracker(confPath) };
    this.trackers.push(
      new Member({ label: `tracker ${index}`, host, port, confPath, basePath, storePaths: [], commands }),
    );
  }

  async #layStorages(plan: MixedPlan): Promise<void> {
    const onOne = plan.storageIds === true;
    const indices = Array.from({ length: plan.storageCount }, (_, index) => index);
    const one = takeAddress();
    const hosts = indices.map(() => (onOne ? one : takeAddress()));
    const shared = await freePort([...new Set(hosts)]);
    const ports = new Set<number>();
    while (onOne && ports.size < plan.storageCount) ports.add(await freePort([one]));
    for (const index of indices) {
      const host = hosts[index] ?? one;
      const port = onOne ? ([...ports][index] ?? shared) : shared;
      const basePath = join(this.folder, `storage${index}`);
      const storePaths = [join(basePath, "path0"), join(basePath, "path1")];
      for (const path of storePaths) mkdirSync(path, { recursive: true });
      const confPath = `${basePath}.conf`;
      const trackers = this.trackers.map((tracker) => tracker.address);
      const options = { extraStorageConf: plan.extraStorageConf ?? "" };
      const conf = { host, port, basePath, options, groupName: GROUP, trackers, storePaths };
      writeFileSync(confPath, storageConf(conf));
      const commands = { c: cStorage(confPath), fdfs: fdfsStorage(confPath) };
      this.storages.push(
        new Member({ label: `storage ${index}`, host, port, confPath, basePath, storePaths, commands }),
      );
    }
  }

  #writeIds(): void {
    const path = join(this.folder, "storage_ids.conf");
    const lines = this.storages.map((storage, index) => `${100001 + index} ${GROUP} ${storage.address}\n`);
    writeFileSync(path, lines.join(""));
    const keys = `use_storage_id = true\nid_type_in_filename = id\nstorage_ids_filename = ${path}\n`;
    for (const tracker of this.trackers) appendFileSync(tracker.confPath, keys);
  }
}
