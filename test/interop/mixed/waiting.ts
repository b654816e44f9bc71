/**
 * Waiting for a condition of running servers by asking again and again, never by sleeping a fixed time.
 */
import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 100;

/** What no waiting can mend: ends `eventually` at once. */
export class Hopeless extends Error {}

/** Repeats `body` until it does not throw and resolves with its value; after `timeoutMs` throws its last error. */
export async function eventually<T>(what: string, timeoutMs: number, body: () => Promise<T> | T): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await body();
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      if (Date.now() > deadline) {
        const found = error instanceof Error ? error.message : String(error);
        throw new Error(`Waited ${timeoutMs / 1000} s for ${what}, found: ${found}`);
      }
      await pause(POLL_MS);
    }
  }
}
