// Makes trunk files: the next id, which is remembered here and told to the leading tracker before it is used, the directory,
// the file, its space in the map (trunk-dedup-recovery.md §1.3).

import { encodeBase64 } from "../../../fileid/base64.ts";
import { hashDirectory } from "../../../fileid/logic-name.ts";
import type { Logger } from "../../../observe/logger.ts";
import { Status, statusOfError } from "../../../wire/status.ts";
import { messageOf } from "../../control/discovery.ts";
import type { SharedTrunkSpace } from "../shared-space.ts";
import { createTrunkFile, type TrunkPlace, trunkFilePath } from "../trunk-file.ts";

/** Files that lie in the way of new ones: more in a row are a sign of something else. */
const TAKEN_IDS_MAX = 10_000;

export interface FileMakerHelp {
  readonly space: SharedTrunkSpace;
  readonly storePaths: readonly string[];
  readonly log: Logger;
  /** The map is this storage's to change. */
  isOnDuty(): boolean;
  /** The id in `.data_init_flag`. */
  currentId(): number;
  /** Throws when it cannot be written. */
  saveId(id: number): void;
  /** Tells the leading tracker; resolves when it knows, or it takes too long. False: it says that the role has moved. */
  reportId(id: number): Promise<boolean>;
  /** Writes the trunk binlog; throws the system's error. */
  flush(): void;
  /** `high << 8 | low` of the directory whose turn it is; null: directories are found by hash. */
  nextDirectory(): number | null;
  readonly subdirCount: number;
}

export class FileMaker {
  readonly #help: FileMakerHelp;
  readonly #running = new Map<number, Promise<number>>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(help: FileMakerHelp) {
    this.#help = help;
  }

  /** One more file in the store path; the same as the one that is being made there. Resolves with 0 or an errno. */
  make(storePath: number): Promise<number> {
    let making = this.#running.get(storePath);
    if (making === undefined) {
      making = this.#inTurn(() => this.#make(storePath)).finally(() => this.#running.delete(storePath));
      this.#running.set(storePath, making);
    }
    return making;
  }

  /** Ids are given out from above this one. */
  raiseId(id: number): void {
    if (id > this.#help.currentId()) this.#help.saveId(id);
  }

  async #make(storePathIndex: number): Promise<number> {
    const { space, storePaths, log } = this.#help;
    const storePath = storePaths[storePathIndex];
    if (storePath === undefined) return Status.EINVAL;
    const { trunkFileSize } = space.rules;
    try {
      for (let tries = 0; tries < TAKEN_IDS_MAX; tries++) {
        const place = this.#nextPlace(storePathIndex);
        const mayGoOn = await this.#help.reportId(place.trunkFileId);
        if (!mayGoOn || !this.#help.isOnDuty()) return Status.EAGAIN;
        // From here to the map without a pause: a crash in between leaves a file that nobody knows.
        if (!tryCreate(trunkFilePath(storePath, place), trunkFileSize)) continue;
        const status = space.exclusively((map) => map.addFile(place, trunkFileSize));
        // A file of which no line speaks would be lost with this process.
        this.#help.flush();
        if (status === Status.OK) log.info(`Made trunk file ${trunkFilePath(storePath, place)}`);
        else log.error(`Cannot use the new trunk file ${trunkFilePath(storePath, place)}: status ${status}`);
        return status;
      }
      log.error(`Cannot make a trunk file in ${storePath}: ${TAKEN_IDS_MAX} files are in the way`);
      return Status.EEXIST;
    } catch (error) {
      log.error(`Cannot make a trunk file in ${storePath}: ${messageOf(error)}`);
      return statusOfError(error);
    }
  }

  #nextPlace(storePathIndex: number): TrunkPlace {
    const { space, currentId, saveId, nextDirectory, subdirCount } = this.#help;
    const known = new Set(space.exclusively((map) => map.files()).map(({ place }) => place.trunkFileId));
    let trunkFileId = currentId() + 1;
    while (known.has(trunkFileId)) trunkFileId++;
    saveId(trunkFileId);
    const directory = nextDirectory();
    const [subPathHigh, subPathLow] =
      directory === null ? directoryOf(trunkFileId, subdirCount) : [directory >>> 8, directory & 0xff];
    return { storePathIndex, subPathHigh, subPathLow, trunkFileId };
  }

  /** Ids are consecutive: one file after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => {});
    return turn;
  }
}

/** C hashes the six characters of the id's base64. */
function directoryOf(trunkFileId: number, subdirCount: number): [number, number] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, trunkFileId);
  return hashDirectory(encodeBase64(bytes), subdirCount);
}

/** False when there is such a file already. */
function tryCreate(path: string, size: number): boolean {
  try {
    createTrunkFile(path, size);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
