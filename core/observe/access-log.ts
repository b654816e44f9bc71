// The access log of a storage: one line a client request in C's columns (storage.md §10.4). Formats and appends; the
// file and its rotation belong to others.

import type { LogFile } from "./log-file.ts";
import { formatSecond } from "./timestamp.ts";

export type TimePrecision = "ms" | "us";

/** First line of every new access log file; `nowMs` is its time stamp. */
export function accessLogHeader(nowMs: number, precision: TimePrecision): string {
  return `${formatMoment(nowMs, precision)} client_ip action filename status time_used_${precision} req_len resp_len`;
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

/** One line without its line end. */
export function formatAccessLine(entry: AccessEntry, precision: TimePrecision): string {
  const used = Math.round(precision === "ms" ? entry.usedMs : entry.usedMs * 1000);
  return (
    `${formatMoment(entry.startMs, precision)} ${entry.clientIp} ${entry.action} ${oneColumn(entry.fileName)} ` +
    `${entry.status} ${used} ${entry.requestBytes} ${entry.responseBytes}`
  );
}

/** `[YYYY-MM-DD hh:mm:ss.mmm]`. C prints microseconds without leading zeros, which reads as another time: here six digits. */
function formatMoment(timeMs: number, precision: TimePrecision): string {
  const fraction =
    precision === "ms"
      ? String(Math.floor(timeMs % 1000)).padStart(3, "0")
      : String(Math.floor((timeMs % 1000) * 1000)).padStart(6, "0");
  return `[${formatSecond(timeMs)}.${fraction}]`;
}

/** A refused name can hold anything; in the log it is one column of one line. */
function oneColumn(name: string): string {
  if (name === "") return "-";
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code <= 32 || code === 127) return name.replace(/[^\x21-\x7e\u0080-\uffff]/g, "?");
  }
  return name;
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
