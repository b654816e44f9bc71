// The trunk files that one thread has open: they stay so between uses, the ones opened longest ago are closed first.

import { openSync } from "node:fs";
import { hex2 } from "../../fileid/logic-name.ts";
import { SharedFile } from "../io/shared-file.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import { openTrunkFile, type TrunkPlace, trunkFilePath, trunkTruePath } from "./trunk-file.ts";

const OPEN_MAX = 128;
/** Of a trunk file when the trackers have not told. */
const DEFAULT_TRUNK_FILE_SIZE = 64 * 1024 * 1024;

/** An open trunk file; who reads from it for longer takes part in its life with `use` and `release`. */
export class OpenTrunkFile extends SharedFile {
  readonly path: string;
  readonly #place: TrunkPlace;
  readonly #scoreboard: Scoreboard;
  readonly #logicName: string;
  readonly #epoch: number;

  constructor(fd: number, path: string, place: TrunkPlace, scoreboard: Scoreboard) {
    super(fd);
    this.path = path;
    this.#place = place;
    this.#scoreboard = scoreboard;
    this.#logicName = `M${hex2(place.storePathIndex)}/${trunkTruePath(place)}`;
    this.#epoch = scoreboard.epochOf(this.#logicName);
  }

  /** False for another directory than the name says, and for a file that has been removed meanwhile. */
  isAt({ storePathIndex, subPathHigh, subPathLow }: TrunkPlace): boolean {
    const place = this.#place;
    return (
      place.storePathIndex === storePathIndex &&
      place.subPathHigh === subPathHigh &&
      place.subPathLow === subPathLow &&
      this.#scoreboard.epochOf(this.#logicName) === this.#epoch
    );
  }
}

export class OpenTrunkFiles {
  readonly #scoreboard: Scoreboard;
  readonly #storePaths: readonly string[];
  /** By id, the one opened last at the end. */
  readonly #open = new Map<number, OpenTrunkFile>();
  /** Bytes of a trunk file that has to be made here. */
  trunkFileSize = DEFAULT_TRUNK_FILE_SIZE;

  constructor(scoreboard: Scoreboard, storePaths: readonly string[]) {
    this.#scoreboard = scoreboard;
    this.#storePaths = storePaths;
  }

  /** Null when there is no such trunk file. */
  existing(place: TrunkPlace): OpenTrunkFile | null {
    const known = this.#known(place);
    if (known !== null) return known;
    const path = this.#pathOf(place);
    let fd: number;
    try {
      fd = openSync(path, "r+");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "EISDIR") return null;
      if (code !== "EROFS" && code !== "EACCES") throw error;
      // A disk that cannot be written any more still gives its files.
      fd = openSync(path, "r");
    }
    return this.#keep(place, fd);
  }

  /** Made here when another storage has it already. */
  forWriting(place: TrunkPlace): OpenTrunkFile {
    return this.#known(place) ?? this.#keep(place, openTrunkFile(this.#pathOf(place), this.trunkFileSize));
  }

  close(): void {
    for (const file of this.#open.values()) file.drop();
    this.#open.clear();
  }

  #known(place: TrunkPlace): OpenTrunkFile | null {
    const file = this.#open.get(place.trunkFileId);
    if (file === undefined) return null;
    if (file.isAt(place)) return file;
    this.#open.delete(place.trunkFileId);
    file.drop();
    return null;
  }

  #keep(place: TrunkPlace, fd: number): OpenTrunkFile {
    const file = new OpenTrunkFile(fd, this.#pathOf(place), place, this.#scoreboard);
    this.#open.set(place.trunkFileId, file);
    if (this.#open.size > OPEN_MAX) {
      const [oldest] = this.#open.keys();
      this.#open.get(oldest!)!.drop();
      this.#open.delete(oldest!);
    }
    return file;
  }

  #pathOf(place: TrunkPlace): string {
    return trunkFilePath(this.#storePaths[place.storePathIndex]!, place);
  }
}
