// FastDFS's value texts (tracker.md §9.3, http-config-tools.md §1.6): integers, booleans, byte sizes, times of day, log
// levels. Pure functions of one text; ranges and defaults belong to the tables.

/** C's `atoi`: the leading decimal digits count. `exact` is false when anything else stands in the text. */
export function readInteger(text: string): { readonly number: number; readonly exact: boolean } {
  const match = /^[ \t\r\n\v\f]*([+-]?\d+)/.exec(text);
  if (match === null) return { number: 0, exact: false };
  return { number: Number(match[1]), exact: match[0].length === text.length };
}

/** `true`, `yes`, `on` in any case, or `1`. `exact` is false for texts that are neither these nor a plain "no". */
export function readBoolean(text: string): { readonly on: boolean; readonly exact: boolean } {
  if (text === "1" || /^(true|yes|on)$/i.test(text)) return { on: true, exact: true };
  return { on: false, exact: text === "0" || /^(false|no|off)$/i.test(text) };
}

const sizeUnits: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes of a size such as `256KB` or `10 m`; null when the text is no size. Empty is 0, as in C's `parse_bytes`. */
export function readSize(text: string): number | null {
  if (text === "") return 0;
  const match = /^\+?(\d+)[ \t]*(?:([KMGT])(?:B)?)?[ \t]*$/i.exec(text);
  if (match === null) return null;
  const bytes = Number(match[1]) * sizeUnits[(match[2] ?? "").toUpperCase()]!;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest exact text of a size: `256KB`, `1000`. */
export function formatSize(bytes: number): string {
  for (const unit of ["T", "G", "M", "K"]) {
    const factor = sizeUnits[unit]!;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}B`;
  }
  return String(bytes);
}

/** Seconds after midnight of `H:M` or `H:M:S`; null when the text is no time of day. */
export function readTimeOfDay(text: string): number | null {
  const match = /^(\d{1,2}) *: *(\d{1,2})(?: *: *(\d{1,2}))?$/.exec(text);
  if (match === null) return null;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  return hour > 23 || minute > 59 || second > 59 ? null : hour * 3600 + minute * 60 + second;
}

/** `HH:MM`, with `:SS` only when there are seconds. */
export function formatTimeOfDay(secondOfDay: number): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const seconds = secondOfDay % 60;
  const text = `${two(Math.floor(secondOfDay / 3600))}:${two(Math.floor(secondOfDay / 60) % 60)}`;
  return seconds === 0 ? text : `${text}:${two(seconds)}`;
}

/** Severities as the logger names them. */
export type LogLevelName = "EMERG" | "ALERT" | "CRIT" | "ERROR" | "WARNING" | "NOTICE" | "INFO" | "DEBUG";

const logLevels: readonly (readonly [prefix: string, name: LogLevelName])[] = [
  ["DEBUG", "DEBUG"],
  ["INFO", "INFO"],
  ["NOTICE", "NOTICE"],
  ["WARN", "WARNING"],
  ["ERR", "ERROR"],
  ["CRIT", "CRIT"],
  ["ALERT", "ALERT"],
  ["EMERG", "EMERG"],
];

/** Matches by prefix in any case, with or without `LOG_`; null when nothing matches. */
export function readLogLevel(text: string): LogLevelName | null {
  const word = text.toUpperCase().replace(/^LOG_/, "");
  return logLevels.find(([prefix]) => word.startsWith(prefix))?.[1] ?? null;
}

/** Space that stays free: whole megabytes summed over the store paths, or a share (0..1) of each. */
export type ReservedSpace =
  | { readonly kind: "mb"; readonly mb: number }
  | { readonly kind: "ratio"; readonly ratio: number };

/** `10%` (strictly between 0 and 100) or a size cut to whole MB; null for anything else, also for an empty text. */
export function readReservedSpace(text: string): ReservedSpace | null {
  if (text.endsWith("%")) {
    const match = /^(\d+(?:\.\d*)?|\.\d+)%$/.exec(text);
    const ratio = match === null ? 0 : Number(match[1]) / 100;
    return ratio > 0 && ratio < 1 ? { kind: "ratio", ratio } : null;
  }
  const bytes = text === "" ? null : readSize(text);
  return bytes === null ? null : { kind: "mb", mb: Math.floor(bytes / 1024 ** 2) };
}

/** `20.00%` or `1024MB`, the form in which a tracker tells it to storages (tracker.md §4.15). */
export function formatReservedSpace(space: ReservedSpace): string {
  return space.kind === "ratio" ? `${(space.ratio * 100).toFixed(2)}%` : `${space.mb}MB`;
}
