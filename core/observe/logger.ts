// The error log: lines `[YYYY-MM-DD hh:mm:ss] LEVEL - text key=value` in C's form (storage.md §10.3), filtered by level.
// Where a line goes is the sink's business.

import type { LogFile } from "./log-file.ts";
import { formatSecond } from "./timestamp.ts";

/** Severities in falling order, as syslog numbers them. */
export const LogLevel = { EMERG: 0, ALERT: 1, CRIT: 2, ERROR: 3, WARNING: 4, NOTICE: 5, INFO: 6, DEBUG: 7 } as const;
export type LogLevelName = keyof typeof LogLevel;

/** Facts of a line, printed behind its text as `key=value`; a value with blanks or quotes is quoted as in JSON. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  notice(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
  crit(text: string, fields?: LogFields): void;
}

/** Takes a finished line without its line end. */
export type LogSink = (line: string, level: LogLevelName) => void;

/** A logger that hands formatted lines of `level` and above to `sink`. */
export function createLogger(level: LogLevelName, sink: LogSink): Logger {
  const limit = LogLevel[level];
  const at = (name: LogLevelName) =>
    LogLevel[name] > limit
      ? () => {}
      : (text: string, fields?: LogFields): void => sink(formatLogLine(Date.now(), name, text, fields), name);
  return {
    debug: at("DEBUG"),
    info: at("INFO"),
    notice: at("NOTICE"),
    warn: at("WARNING"),
    error: at("ERROR"),
    crit: at("CRIT"),
  };
}

/** One line; `timeMs` since the epoch, printed in local time. */
export function formatLogLine(timeMs: number, level: LogLevelName, text: string, fields?: LogFields): string {
  let line = `[${formatSecond(timeMs)}] ${level} - ${oneLine(text)}`;
  if (fields === undefined) return line;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${typeof value === "string" ? quoteWhereNeeded(value) : String(value)}`;
  }
  return line;
}

/** A text from the wire must not be able to look like another line of the log. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\x00-\x08\x0a-\x1f\x7f]/.test(text) ? text.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, escapeControl) : text;
}

function escapeControl(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

function quoteWhereNeeded(value: string): string {
  return /^[^\s"=\\]+$/.test(value) ? oneLine(value) : oneLine(JSON.stringify(value));
}

/** Says nothing. */
export const silentLogger: Logger = createLogger("EMERG", () => {});

/** Appends to a log file; what is critical is written at once, because the process may not live until the next flush. */
export function logFileSink(file: LogFile): LogSink {
  return (line, level) => {
    file.append(line);
    if (LogLevel[level] <= LogLevel.CRIT) file.flush();
  };
}
