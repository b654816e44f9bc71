// Records that a peer does not take or that cannot be read: kept in a file beside its mark, counted, and left behind, so
// that replication goes on. An operator sees the count in `fdfs monitor` and the reasons in the file.

import { appendFileSync, readFileSync } from "node:fs";

const FILE_MODE = 0o644;

export class SetAside {
  /** Lines `<unix time> <reason> | <record>`. */
  readonly path: string;
  #count: number;

  /** `markPath`: the peer's mark. */
  constructor(markPath: string) {
    this.path = `${markPath.slice(0, -".mark".length)}.aside`;
    this.#count = linesOf(this.path);
  }

  /** Records set aside so far, those of earlier runs included. */
  get count(): number {
    return this.#count;
  }

  /** Throws the system's error: a record that cannot be kept must not be left behind. */
  add(line: string, reason: string, nowSeconds: number): void {
    appendFileSync(this.path, `${nowSeconds} ${reason.replaceAll("\n", " ")} | ${line}\n`, { mode: FILE_MODE });
    this.#count++;
  }
}

function linesOf(path: string): number {
  try {
    return readFileSync(path, "latin1").split("\n").length - 1;
  } catch {
    return 0;
  }
}
