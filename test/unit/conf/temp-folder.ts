// A folder of settings files for one test, removed afterwards by `using`.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export class ConfFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "fdfs-conf-"));

  /** Writes a file and answers its path. */
  write(name: string, text: string | readonly string[]): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof text === "string" ? text : text.join("\n"));
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
