// Entry of a load thread: takes plan and course from the start message, connects, waits for the word to go, sends back
// what it counted. An extra entry point of the compiled executable.

import { workerPort } from "../runtime/workers.ts";
import { Course } from "./course.ts";
import { LoadThread } from "./load-thread.ts";
import type { ThreadMessage, ThreadStart } from "./run-load.ts";

const port = workerPort();
const { plan, memory, thread } = port.data as ThreadStart;
const say = (message: ThreadMessage): void => port.post(message);

async function work(): Promise<void> {
  const load = new LoadThread(plan, new Course(memory, plan), thread);
  const go = new Promise<void>((resolve) => port.onMessage(() => resolve()));
  await load.connect();
  say({ kind: "ready" });
  await go;
  say({ kind: "done", result: await load.run() });
}

work().catch((error: unknown) => {
  say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
});
