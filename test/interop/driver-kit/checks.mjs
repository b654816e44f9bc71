/**
 * What every Node driver shares: runs named checks one after the other and prints one line for each,
 * `ok NAME`, `not ok NAME: reason` or `n/a NAME`. It knows no client; a client that throws outside its own
 * promise or never answers fails the check that was running.
 */
import assert from "node:assert/strict";

const CHECK_TIMEOUT_MS = 15_000;
let failCurrent = null;
process.on("uncaughtException", (error) => failCurrent?.(error));
process.on("unhandledRejection", (error) => failCurrent?.(error));

/** Arguments of every driver: TRACKER_HOST TRACKER_PORT GROUP WORK_FOLDER. */
export function driverArguments() {
  const [host, port, group, folder] = process.argv.slice(2);
  assert.ok(host && port && group && folder, "usage: driver TRACKER_HOST TRACKER_PORT GROUP WORK_FOLDER");
  return { host, port: Number(port), group, folder };
}

/** Runs `body`; prints the line; resolves with what it returned, or undefined when it failed. */
export async function check(name, body) {
  let timer;
  try {
    const outside = new Promise((_, reject) => {
      failCurrent = reject;
      timer = setTimeout(() => reject(new Error(`no result within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
    });
    const value = await Promise.race([Promise.resolve().then(body), outside]);
    console.log(`ok ${name}`);
    return value;
  } catch (error) {
    console.log(`not ok ${name}: ${String(error?.message ?? error).replace(/\s*\n\s*/g, " ")}`);
    return undefined;
  } finally {
    failCurrent = null;
    clearTimeout(timer);
  }
}

export function notOffered(...names) {
  for (const name of names) console.log(`n/a ${name}`);
}

/** Fails unless `body` fails; returns the error. A TypeError is a fault of the driver or client, not an answer. */
export async function mustFail(body) {
  let value;
  try {
    value = await body();
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return error;
  }
  throw new Error(`expected a failure, found ${JSON.stringify(value)}`);
}

/** `length` bytes that differ from place to place and from seed to seed. */
export function sample(length, seed) {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

/** IEEE CRC-32, unsigned. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A sample whose CRC has its top bit set (`high`) or clear: the wire sign-extends the former. */
export function sampleWithCrc(length, high) {
  for (let seed = 1; ; seed++) {
    const bytes = sample(length, seed);
    if (crc32(bytes) >= 0x80000000 === high) return bytes;
  }
}
