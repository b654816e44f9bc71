// Entry of a thread that receives large bodies (io/body-receiver.ts), one for each store path that gets any. An extra entry
// point of the compiled executable.

import { loadNative } from "../runtime/index.ts";
import { workerPort } from "../runtime/workers.ts";
import { BodyReceiver } from "./io/body-receiver.ts";
import type { BodyCommand, BodyMessage } from "./io/large-bodies.ts";
import { Scoreboard } from "./scoreboard/scoreboard.ts";

/** Whoever waits for a small answer goes before a large body. */
const NICE = 10;

const port = workerPort();
const { connections } = new Scoreboard(port.data as SharedArrayBuffer);
const restCell = new Int32Array(new SharedArrayBuffer(4));

const loading = loadNative().then((calls) => {
  if (calls === null) throw new Error("Cannot receive large bodies: the C library is missing");
  calls.setThreadNice(NICE);
  return new BodyReceiver({
    calls,
    report({ worker, id }, result) {
      const message: BodyMessage = { worker, id, result };
      port.post(message);
    },
    now: () => performance.now(),
    answers: () => connections.answers,
    pause: (ms) => void Atomics.wait(restCell, 0, 0, ms),
  });
});

let isRunning = false;
function run(receiver: BodyReceiver): void {
  receiver.turn();
  isRunning = !receiver.isIdle;
  // Between two turns the event loop hears of new tasks.
  if (isRunning) setImmediate(() => run(receiver));
}

port.onMessage(async (raw) => {
  const command = raw as BodyCommand;
  const receiver = await loading;
  if (command.kind === "receive") receiver.add(command.task);
  else receiver.cancel(command.worker, command.id);
  if (isRunning) return;
  isRunning = true;
  run(receiver);
});
