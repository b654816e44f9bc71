// An open file that several readers may be using when its owner gives it up: the last one closes it.

import { closeStored } from "./stored-file.ts";

export class SharedFile {
  readonly fd: number;
  #users = 0;
  #isDropped = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  use(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
    this.#closeUnused();
  }

  /** Nobody finds it any more; the last reader closes it. */
  drop(): void {
    this.#isDropped = true;
    this.#closeUnused();
  }

  #closeUnused(): void {
    if (this.#isDropped && this.#users === 0) closeStored(this.fd);
  }
}
