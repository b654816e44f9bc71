// Waiting for a condition of running servers by asking again and again, never by sleeping a fixed time.

import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 100;

/** Repeats `condition` until it resolves with null; after `timeoutMs` throws with what it gave last. Resolves with the time. */
export async function until(
  what: string,
  timeoutMs: number,
  condition: () => Promise<string | null> | string | null,
): Promise<number> {
  const started = Date.now();
  for (;;) {
    const missing = await condition();
    if (missing === null) return Date.now() - started;
    if (Date.now() - started > timeoutMs) throw new Error(`Waited ${timeoutMs / 1000} s for ${what}: ${missing}`);
    await pause(POLL_MS);
  }
}
