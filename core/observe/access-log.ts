// The access log of a storage: one line a client request in C's columns (storage.md §10.4). Formats and appends; the
// file, its rotation and its first line belong to others.

import type { LogFile } from "./log-file.ts";
import { formatSecond } from "./timestamp.ts";

export type TimePrecision = "ms" | "us";

/** First line of every new access log file. */
export function accessLogHeader(precision: TimePrecision): string {
  return `[YYYY-MM-DD hh:mm:ss.${precision}] client_ip action filename status time_used_${precision} req_len resp_len`;
}

export interface AccessEntry {
  /** Start of the request, milliseconds since the epoch with fraction. */
  readonly startMs: number;
  readonly usedMs: number;
  readonly clientIp: string;
  readonly action: string;
  /** Logic name; `-` when none is known. */
  readonly fileName: string;
  readonly status: number;
  /** Header and body. */
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** One line. C prints microseconds without leading zeros, which reads as another time; here they have six digits. */
export function formatAccessLine(entry: AccessEntry, precision: TimePrecision): string {
  const digits = precision === "ms" ? 3 : 6;
  const unit = precision === "ms" ? 1 : 1000;
  const fraction = String(Math.floor((entry.startMs % 1000) * unit)).padStart(digits, "0");
  const used = Math.round(entry.usedMs * unit);
  return (
    `[${formatSecond(entry.startMs)}.${fraction}] ${entry.clientIp} ${entry.action} ${entry.fileName} ` +
    `${entry.status} ${used} ${entry.requestBytes} ${entry.responseBytes}`
  );
}

/** Appends entries to a log file. */
export class AccessLog {
  readonly #file: LogFile;
  readonly #precision: TimePrecision;

  constructor(file: LogFile, precision: TimePrecision) {
    this.#file = file;
    this.#precision = precision;
  }

  record(entry: AccessEntry): void {
    this.#file.append(formatAccessLine(entry, this.#precision));
  }

  close(): void {
    this.#file.close();
  }
}
