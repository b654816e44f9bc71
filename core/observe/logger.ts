// The error log: lines `[YYYY-MM-DD hh:mm:ss] LEVEL - text` in C's form (storage.md §10.3), filtered by level. Where a
// line goes is the sink's business.

import { formatSecond } from "./timestamp.ts";

/** Severities in falling order, as syslog numbers them. */
export const LogLevel = { EMERG: 0, ALERT: 1, CRIT: 2, ERROR: 3, WARNING: 4, NOTICE: 5, INFO: 6, DEBUG: 7 } as const;
export type LogLevelName = keyof typeof LogLevel;

export interface Logger {
  debug(text: string): void;
  info(text: string): void;
  notice(text: string): void;
  warn(text: string): void;
  error(text: string): void;
  crit(text: string): void;
}

/** A logger that hands formatted lines of `level` and above to `sink`. */
export function createLogger(level: LogLevelName, sink: (line: string, level: LogLevelName) => void): Logger {
  const limit = LogLevel[level];
  const at =
    (name: LogLevelName) =>
    (text: string): void => {
      if (LogLevel[name] <= limit) sink(`[${formatSecond(Date.now())}] ${name} - ${text}`, name);
    };
  return {
    debug: at("DEBUG"),
    info: at("INFO"),
    notice: at("NOTICE"),
    warn: at("WARNING"),
    error: at("ERROR"),
    crit: at("CRIT"),
  };
}

/** Says nothing. */
export const silentLogger: Logger = createLogger("EMERG", () => {});
