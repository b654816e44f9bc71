// Values of settings as text: the number, size, percent, time and boolean forms of FastDFS (tracker.md §9.3,
// http-config-tools.md §1.6). Each reader returns null for what C refuses.

/** true, yes, on (any case) or 1; everything else that is present is false. */
export function readBoolean(text: string): boolean {
  return /^(true|yes|on|1)$/i.test(text);
}

/** Leading decimal digits as C's atoi: `12abc` is 12, garbage is 0. */
export function readInteger(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}

const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Bytes of `10`, `64KB`, `5 g`; empty is 0; null when it is no size. */
export function readSize(text: string): number | null {
  if (text === "") return 0;
  const match = /^(\d+)[ \t]*([KMGT]?)[Bb]?[ \t]*$/i.exec(text);
  // `10B` without a unit is refused by C; the unit letter must stand before the B.
  if (match === null || /^\d+[ \t]*[Bb]/.test(text)) return null;
  const bytes = Number(match[1]) * SIZE_UNITS[match[2]!.toUpperCase()]!;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Seconds after midnight of `H:M` or `H:M:S`. */
export function readTimeOfDay(text: string): number | null {
  const match = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?$/.exec(text);
  if (match === null) return null;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  return hour > 23 || minute > 59 || second > 59 ? null : hour * 3600 + minute * 60 + second;
}

export type ReservedSpace =
  | { readonly kind: "mb"; readonly mb: number }
  | { readonly kind: "ratio"; readonly ratio: number };

/** A size, cut to whole megabytes, or a share strictly between 0% and 100%. */
export function readReservedSpace(text: string): ReservedSpace | null {
  if (text.endsWith("%")) {
    const number = text.slice(0, -1);
    const percent = /^\d+(\.\d+)?$/.test(number) ? Number(number) : Number.NaN;
    return percent > 0 && percent < 100 ? { kind: "ratio", ratio: percent / 100 } : null;
  }
  const bytes = text === "" ? null : readSize(text);
  return bytes === null ? null : { kind: "mb", mb: Math.floor(bytes / 2 ** 20) };
}

export type LogLevelName = "EMERG" | "ALERT" | "CRIT" | "ERROR" | "WARNING" | "NOTICE" | "INFO" | "DEBUG";
const LEVELS: readonly (readonly [prefix: string, name: LogLevelName])[] = [
  ["DEBUG", "DEBUG"],
  ["INFO", "INFO"],
  ["NOTICE", "NOTICE"],
  ["WARN", "WARNING"],
  ["ERR", "ERROR"],
  ["CRIT", "CRIT"],
  ["ALERT", "ALERT"],
  ["EMERG", "EMERG"],
];

/** Prefix match in any case, also `LOG_INFO`; null when nothing matches. */
export function readLogLevel(text: string): LogLevelName | null {
  const word = text.toUpperCase().replace(/^LOG_/, "");
  return LEVELS.find(([prefix]) => word.startsWith(prefix))?.[1] ?? null;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `HH:MM`, or `HH:MM:SS` when there are seconds. */
export function formatTimeOfDay(seconds: number): string {
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`;
  return seconds % 60 === 0 ? text : `${text}:${two(seconds % 60)}`;
}

/** The shortest exact form: `64KB`, `1GB`, `1000`. */
export function formatSize(bytes: number): string {
  for (const [unit, factor] of [
    ["TB", 2 ** 40],
    ["GB", 2 ** 30],
    ["MB", 2 ** 20],
    ["KB", 2 ** 10],
  ] as const) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}

export function formatReservedSpace(space: ReservedSpace): string {
  return space.kind === "mb" ? `${space.mb}MB` : `${(space.ratio * 100).toFixed(2)}%`;
}
