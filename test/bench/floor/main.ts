// The floor: a server that does for an upload and a download the file system calls and nothing else, with as many threads
// as our storage has workers. What a storage costs above it is the price of being one.
// `bun test/bench/floor/main.ts HOST PORT GROUP FOLDER` prints a line when it listens.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { FloorFolder } from "./folder.ts";

const [host, port, groupName, folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: main.ts HOST PORT GROUP FOLDER");
FloorFolder.make(folder);
const threads = availableParallelism();
let waiting = threads;
for (let thread = 0; thread < threads; thread++) {
  const worker = new Worker(new URL("./thread.ts", import.meta.url), {
    workerData: { host, port: Number(port), groupName, folder, thread, threads },
  });
  worker.on("error", (error) => {
    console.error(error);
    process.exit(1);
  });
  worker.on("message", () => {
    if (--waiting === 0) console.log("listening");
  });
}
