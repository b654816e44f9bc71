// Small files come, go and are read, over several connections to all storages. Everything goes through our client library;
// what was acknowledged stands in the ledger, what was refused or lost its answer is counted.

import { setTimeout as pause } from "node:timers/promises";
import type { FdfsClient } from "../../../core/client/index.ts";
import { statusName } from "../../../core/wire/status.ts";
import { GROUP, type ProcessCluster } from "./cluster.ts";
import { judge, statusOf } from "./failures.ts";
import { Random } from "./random.ts";
import type { Server } from "./server.ts";
import type { Contents, TrunkFile, TrunkLedger } from "./trunk-ledger.ts";

const EXTENSIONS = ["", "c", "bin", "jpeg", "tar.gz"];
/** After a refusal the cluster is given a moment. */
const REFUSED_PAUSE_MS = 20;
const POLL_MS = 5;
const FROZEN_SHARE = 0.02;

type Kind = "upload" | "delete" | "download";

interface Tally {
  acknowledged: number;
  refused: number;
  uncertain: number;
}

export interface TrunkLoadOptions {
  readonly cluster: ProcessCluster;
  readonly ledger: TrunkLedger;
  readonly contents: Contents;
  readonly seed: number;
  /** Operations at the same time. */
  readonly lanes: number;
  /** Bytes, both ends included. */
  readonly sizes: readonly [least: number, greatest: number];
}

export class TrunkLoad {
  readonly tallies: Record<Kind, Tally> = { upload: tally(), delete: tally(), download: tally() };
  readonly refusals = new Map<string, number>();
  readonly wrongReads: string[] = [];
  readonly #options: TrunkLoadOptions;
  readonly #client: FdfsClient;
  readonly #random: Random;
  readonly #trackers: ReadonlySet<string>;
  #serial = 0;
  #isStopped = false;

  constructor(options: TrunkLoadOptions) {
    this.#options = options;
    this.#client = options.cluster.client();
    this.#random = new Random(options.seed);
    this.#trackers = new Set(options.cluster.trackers.map(({ address }) => address));
  }

  /** Stores so many files, in turns on all storages. */
  async upload(count: number): Promise<void> {
    let left = count;
    const { storages } = this.#options.cluster;
    await this.#inLanes(async () => {
      while (left > 0) {
        left--;
        await this.#upload(storages[left % storages.length]!);
      }
    });
  }

  /** Deletes so many files at random. */
  async delete(count: number): Promise<void> {
    let left = count;
    await this.#inLanes(async () => {
      while (left-- > 0) await this.#delete();
    });
  }

  /**
   * Uploads, deletions and downloads as they come until `stop`, at most `perSecond`; about `keep` files stay alive.
   */
  async mix(keep: number, perSecond: number): Promise<void> {
    let nextAt = performance.now();
    await this.#inLanes(async () => {
      while (!this.#isStopped) {
        nextAt = Math.max(nextAt + 1000 / perSecond, performance.now() - 1000);
        const early = nextAt - performance.now();
        if (early > 0) await pause(early);
        const dice = this.#random.next();
        const up = this.#options.cluster.storages.filter((storage) => storage.isUp && this.#mayUse(storage));
        const fill = this.#options.ledger.aliveCount / keep;
        if (dice < 0.1) await this.#download();
        else if (dice < 0.1 + 0.45 * fill) await this.#delete();
        else if (up.length > 0) await this.#upload(this.#random.pick(up)!);
      }
    });
  }

  /** A few operations wait for a frozen storage, the others must go on meanwhile. */
  #mayUse({ isFrozen }: Server): boolean {
    return !isFrozen || this.#random.next() < FROZEN_SHARE;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #inLanes(work: () => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.lanes }, work));
  }

  async #upload(storage: Server): Promise<void> {
    const { ledger, contents, sizes } = this.#options;
    const recipe = { serial: ++this.#serial, size: this.#random.between(...sizes) };
    const ext = this.#random.pick(EXTENSIONS)!;
    const target = { groupName: GROUP, server: { host: storage.host, port: storage.port }, storePathIndex: -1 };
    await this.#counted("upload", async () => {
      ledger.add(await this.#client.uploadBytes(contents.of(recipe), { target, ext }), recipe, storage);
    });
  }

  async #delete(): Promise<void> {
    const { ledger } = this.#options;
    await this.#onFile(async (file) => {
      ledger.deletionSent(file);
      const outcome = await this.#counted("delete", () => this.#client.delete(file.id));
      if (outcome === "acknowledged") ledger.deleted(file, "gone");
      else if (outcome === "uncertain") ledger.deleted(file, "unknown");
    });
  }

  async #download(): Promise<void> {
    await this.#onFile(async (file) => {
      await this.#counted("download", async () => {
        const found = Buffer.from(await this.#client.downloadBytes(file.id));
        if (!found.equals(this.#options.contents.of(file.recipe))) {
          this.wrongReads.push(`${file.id} was read with other content, ${found.length} bytes`);
        }
      });
    });
  }

  async #onFile(use: (file: TrunkFile) => Promise<void>): Promise<void> {
    const file = this.#options.ledger.idle(this.#random);
    if (file === undefined || !this.#mayUse(file.source)) {
      await pause(POLL_MS);
      return;
    }
    file.isBusy = true;
    try {
      await use(file);
    } finally {
      file.isBusy = false;
    }
  }

  async #counted(kind: Kind, run: () => Promise<void>): Promise<keyof Tally> {
    const own = this.tallies[kind];
    let outcome: keyof Tally = "acknowledged";
    try {
      await run();
    } catch (error) {
      outcome = judge(error, this.#trackers);
      if (outcome === "refused") {
        const status = `${kind} ${statusName(statusOf(error))}`;
        this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1);
        await pause(REFUSED_PAUSE_MS);
      }
    }
    own[outcome]++;
    return outcome;
  }

  /** Figures, a line a kind. */
  report(): string {
    const rows = Object.entries(this.tallies).map(
      ([kind, { acknowledged, refused, uncertain }]) =>
        `  ${kind}: ${acknowledged} acknowledged, ${refused} refused, ${uncertain} without an answer`,
    );
    const refusals = [...this.refusals].map(([status, count]) => `${status} ${count}`).join(", ");
    return [...rows, `  refused with: ${refusals || "nothing"}`].join("\n");
  }
}

const tally = (): Tally => ({ acknowledged: 0, refused: 0, uncertain: 0 });
