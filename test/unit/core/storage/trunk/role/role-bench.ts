// A trunk keeper in this process: its files in a temporary folder, trackers and workers played by the test.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storageDefaults } from "../../../../../../conf/index.ts";
import type { Logger } from "../../../../../../core/observe/logger.ts";
import type { Errands } from "../../../../../../core/storage/control/errands.ts";
import { firstInitFlag, InitFlagFile } from "../../../../../../core/storage/control/init-flag.ts";
import { type Member, Membership } from "../../../../../../core/storage/control/membership.ts";
import { parseTrackerParameters } from "../../../../../../core/storage/control/parameters.ts";
import type { TrackerLink } from "../../../../../../core/storage/control/tracker-link.ts";
import type { TrackerQuestions } from "../../../../../../core/storage/control/tracker-questions.ts";
import { Scoreboard } from "../../../../../../core/storage/scoreboard/scoreboard.ts";
import { FoundSlots } from "../../../../../../core/storage/trunk/found-slots.ts";
import { TrunkKeeper } from "../../../../../../core/storage/trunk/role/keeper.ts";
import type { TrunkKeeperHelp } from "../../../../../../core/storage/trunk/role/keeper-help.ts";
import { type TrunkPaths, trunkPaths } from "../../../../../../core/storage/trunk/role/paths.ts";
import { SharedTrunkSpace, type TrunkSetup } from "../../../../../../core/storage/trunk/shared-space.ts";
import { readTrunkNotice, type TrunkNotice } from "../../../../../../core/storage/trunk/trunk-notice.ts";
import type { TrunkReport } from "../../../../../../core/wire/own-commands.ts";
import { StorageStatus } from "../../../../../../core/wire/storage-status.ts";

const MB = 1_048_576;
const WAIT_MS = 10_000;
/** Where nobody listens. */
export const NOBODY = "127.0.93.49";

interface BenchOptions {
  readonly heartBeatIntervalSeconds?: number;
  /** Lines of the trackers' parameters. */
  readonly parameters?: string;
  readonly members?: readonly Member[];
  /** An earlier bench's. */
  readonly folder?: string;
}

export class RoleBench {
  readonly folder: string;
  readonly paths: TrunkPaths;
  readonly membership: Membership;
  readonly scoreboard = new Scoreboard();
  readonly flag: InitFlagFile;
  /** What the leading tracker was asked and told: `NAME value`. */
  readonly told: string[] = [];
  readonly logged: string[] = [];
  /** Trunk files that the workers were told of: `storePath status`. */
  readonly ready: string[] = [];
  readonly keeper: TrunkKeeper;
  /** What the leading tracker knows; null: it does not answer. */
  leadersFileId: number | null = 0;
  #setup: TrunkSetup | undefined;
  #want = (_storePath: number): void => {};

  constructor(ownId: string, options: BenchOptions = {}) {
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), "fdfs-role-"));
    this.paths = trunkPaths(this.folder);
    for (const name of ["data", "p0/data", "p1/data"]) mkdirSync(join(this.folder, name), { recursive: true });
    this.flag = new InitFlagFile(this.folder, firstInitFlag(1, 23000, 2), undefined);
    this.membership = new Membership(ownId, 1);
    const own: Member = { id: ownId, ipAddress: ownId, port: 23000, status: StorageStatus.ACTIVE };
    this.membership.merge(0, [own, ...(options.members ?? [])]);
    for (const path of [0, 1]) this.scoreboard.setPathSpace(path, 100_000, 50_000, 100);
    const parameters = parseTrackerParameters(
      `use_trunk_file=1\nslot_min_size=256\nslot_max_size=65536\ntrunk_file_size=${4 * MB}\n${options.parameters ?? ""}`,
    );
    const settings = {
      ...storageDefaults({}),
      basePath: this.folder,
      storePaths: ["p0", "p1"].map((name) => ({ path: join(this.folder, name), isReadOnly: false })),
      subdirCountPerPath: 4,
      trackerServers: [{ hosts: ["10.0.0.100"], port: 22122 }],
      heartBeatIntervalSeconds: options.heartBeatIntervalSeconds ?? 30,
    };
    const log = new Proxy({} as Logger, {
      get: (_, level) => (text: string) => {
        this.logged.push(`${String(level)} ${text}`);
      },
    });
    const help: TrunkKeeperHelp = {
      settings,
      port: 23000,
      linkOptions: { localAddresses: [], connectTimeoutMs: 1000, networkTimeoutMs: 2000 },
      discovery: {
        groupName: "group1",
        addresses: [ownId],
        parameters,
        storageIds: [],
        id: ownId,
        sourceBytes: [10, 0, 0, 1],
      },
      flag: this.flag,
      membership: this.membership,
      questions: { storages: async () => [] } as unknown as TrackerQuestions,
      errands: {
        ask: (_tracker: number, _ms: number, ask: (link: TrackerLink) => unknown) => ask(this.link),
      } as Errands,
      scoreboard: this.scoreboard,
      foundSlots: new FoundSlots(),
      team: {
        trunkStarted: (setup) => {
          this.#setup = setup;
        },
        trunkFileReady: (storePath, status) => void this.ready.push(`${storePath} ${status}`),
        onTrunkFileWanted: (listener) => {
          this.#want = listener;
        },
      },
      log,
      publish: (topic, text) => void this.scoreboard.publish(topic, text),
    };
    this.keeper = new TrunkKeeper(help, parameters.trunk!);
  }

  /** The leading tracker's connection. */
  get link(): TrackerLink {
    return {
      request: async (command: { name: string }, value: object) => {
        this.told.push(`${command.name.replace("STORAGE_", "")} ${Object.values(value).join()}`.trim());
        if (this.leadersFileId === null) throw new Error("the tracker is away");
        return { trunkFileId: this.leadersFileId };
      },
    } as unknown as TrackerLink;
  }

  /** The only tracker names a trunk server; null: none. */
  announce(id: string | null): void {
    const member = id === null ? null : { id, ipAddress: NOBODY, port: 23000, status: StorageStatus.ACTIVE };
    this.membership.trunkServerAnnounced(0, member);
    this.keeper.heard(0, performance.now());
  }

  /** A worker's view of the map. */
  space(): SharedTrunkSpace {
    return new SharedTrunkSpace(this.#setup!, 2);
  }

  want(storePath: number): void {
    this.#want(storePath);
  }

  notice(): TrunkNotice | null {
    return readTrunkNotice(this.scoreboard.notice("trunk").text);
  }

  report(): TrunkReport {
    this.keeper.tick();
    return JSON.parse(this.scoreboard.notice("trunk-status").text) as TrunkReport;
  }

  /** Waits until `isTrue`, with a tick of the control thread now and then. */
  async until(what: string, isTrue: () => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!isTrue()) {
      if (Date.now() > deadline) throw new Error(`waited in vain: ${what}; ${this.logged.join("; ")}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      this.keeper.tick();
    }
  }

  async stop(): Promise<void> {
    await this.keeper.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
