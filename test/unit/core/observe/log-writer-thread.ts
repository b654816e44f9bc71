// A thread of log-rotator.test.ts: appends numbered lines until it has written its share, as an I/O worker would.

import { parentPort, workerData } from "node:worker_threads";
import { LogFile } from "../../../../core/observe/log-file.ts";

const { path, name, count, shared } = workerData as {
  path: string;
  name: string;
  count: number;
  shared: SharedArrayBuffer;
};
const generation = new Int32Array(shared);
const file = new LogFile({ path, flushIntervalMs: 1, generation: () => Atomics.load(generation, 0) });
let written = 0;
const step = (): void => {
  for (let n = 0; n < 50 && written < count; n++) file.append(`${name} ${written++} ${"x".repeat(written % 90)}|`);
  if (written < count) {
    setTimeout(step, 1);
    return;
  }
  file.close();
  parentPort?.postMessage(file.lostLines);
};
step();
