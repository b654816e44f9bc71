// Standard output and standard error. On Bun they are its own file sinks: its `process.stdout` takes longer to come up than
// the whole of a short command.

import { fstatSync } from "node:fs";
import { isBun } from "./host.ts";

/** One of the two; nothing is opened before the first use. */
export interface StandardOutput {
  /** Resolves when the kernel has taken the chunk; rejects with a coded error (EPIPE: the reader went away). */
  write(chunk: string | Uint8Array): Promise<void>;
  readonly isTerminal: boolean;
  /** Width in characters; 80 when it is no terminal. */
  readonly columns: number;
}

const DEFAULT_COLUMNS = 80;
/** /dev/null and its kin (admin-guide/devices.txt of Linux). */
const MEMORY_DEVICES_MAJOR = 1;

export function standardOutput(name: "stdout" | "stderr"): StandardOutput {
  const write = isBun ? sinkWriter(name) : streamWriter(name);
  const fd = name === "stdout" ? 1 : 2;
  return {
    write,
    get isTerminal() {
      return mayBeTerminal(fd) && process[name].isTTY === true;
    },
    get columns() {
      return mayBeTerminal(fd) ? (process[name].columns ?? DEFAULT_COLUMNS) : DEFAULT_COLUMNS;
    },
  };
}

/** Asked of the kernel, because the stream that knows for certain is costly. */
function mayBeTerminal(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return status.isCharacterDevice() && status.rdev >> 8 !== MEMORY_DEVICES_MAJOR;
  } catch {
    return false;
  }
}

function sinkWriter(name: "stdout" | "stderr"): StandardOutput["write"] {
  let sink: ReturnType<typeof Bun.stdout.writer> | undefined;
  return async (chunk) => {
    sink ??= Bun[name].writer();
    // A chunk above the sink's buffer is written at once, and its failure comes from there.
    await sink.write(chunk);
    await sink.flush();
  };
}

function streamWriter(name: "stdout" | "stderr"): StandardOutput["write"] {
  let isOpen = false;
  return (chunk) =>
    new Promise((resolve, reject) => {
      const stream = process[name];
      // Who wrote is told; without a listener the process would end.
      if (!isOpen) stream.on("error", () => {});
      isOpen = true;
      stream.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
}
