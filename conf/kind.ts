// Kinds of settings: how a value is read, what is allowed, and how it is written back. A setting is a kind plus its key,
// default and sentence; the tables in table/ list them.

import { type AllowedHosts, parseAllowHosts } from "./allow-hosts.ts";
import { formatServerAddress, parseServerAddress, type ServerAddress, sortServerAddresses } from "./server-address.ts";
import {
  formatReservedSpace,
  formatSize,
  formatTimeOfDay,
  type LogLevelName,
  type ReservedSpace,
  readBoolean,
  readInteger,
  readLogLevel,
  readReservedSpace,
  readSize,
  readTimeOfDay,
} from "./units.ts";

/** The outcome of reading a value: it, it with a warning, or why not. */
export type Reading<T> = { value: T; warning?: string } | { problem: string };

/** One key of a settings file. */
export interface Setting<T> {
  readonly key: string;
  readonly default: T;
  /** Sentence of documentation, for the sample file and `fdfs conf`. */
  readonly doc: string;
  /** Stands in this section; read from the global one when missing there. */
  readonly section?: string;
  /** FastDFS version that brought the key. */
  readonly since?: string;
  /** Accepted because C knows it, but without effect here: the reason. */
  readonly without?: string;
  /** Lines all count (tracker_server); otherwise the last one does. */
  readonly many?: true;
  /** What the sample file shows when it is not the default. */
  readonly sample?: string;
  readonly required?: true;
  read(values: readonly string[]): Reading<T>;
  // Method syntax: settings of all types fit one table.
  write(value: T): string;
}

type Base<T> = Omit<Setting<T>, "read" | "write" | "default"> & { readonly default: T };
const last = (values: readonly string[]): string => values.at(-1) ?? "";

export function bool(base: Base<boolean>): Setting<boolean> {
  return {
    ...base,
    read: (values) => {
      const text = last(values);
      const value = readBoolean(text);
      // Everything but true, yes, on and 1 is false: a slip such as `enabled` deserves a word.
      const isWord = value || /^(false|no|off|0|)$/i.test(text);
      return isWord ? { value } : { value, warning: "read as false: allowed are true, yes, on, 1, false, no, off, 0" };
    },
    write: (value) => (value ? "true" : "false"),
  };
}

interface NumberRule {
  readonly min?: number;
  readonly max?: number;
  /** What a value outside does: C's habit for that key. */
  readonly outside?: "default" | "fail" | "clamp";
}

function checkNumber(value: number, rule: NumberRule, fallback: number, show: (n: number) => string): Reading<number> {
  const min = rule.min ?? 0;
  const max = rule.max ?? Number.MAX_SAFE_INTEGER;
  if (value >= min && value <= max) return { value };
  const allowed = rule.max === undefined ? `at least ${show(min)}` : `${show(min)} to ${show(max)}`;
  if (rule.outside === "fail") return { problem: `allowed is ${allowed}` };
  if (rule.outside === "clamp") {
    const bound = Math.min(Math.max(value, min), max);
    return { value: bound, warning: `allowed is ${allowed}: ${show(bound)} is used` };
  }
  return { value: fallback, warning: `allowed is ${allowed}: the default ${show(fallback)} is used` };
}

/** A plain whole number, or seconds, milliseconds, days: the key's sentence names the unit. */
export function int(base: Base<number> & NumberRule): Setting<number> {
  return {
    ...base,
    read: (values) => {
      const text = last(values);
      const reading = checkNumber(readInteger(text), base, base.default, String);
      if (/^\s*[+-]?\d+\s*$/.test(text) || "problem" in reading) return reading;
      return { value: reading.value, warning: `read as ${reading.value}: expected a whole number` };
    },
    write: String,
  };
}

export function size(base: Base<number> & NumberRule): Setting<number> {
  return {
    ...base,
    read: (values) => {
      const bytes = readSize(last(values));
      if (bytes === null) return { problem: "expected a size such as 64KB, 1 MB, 20G or bytes" };
      return checkNumber(bytes, base, base.default, formatSize);
    },
    write: formatSize,
  };
}

export function text(base: Base<string> & { readonly pattern?: RegExp; readonly allowed?: string }): Setting<string> {
  return {
    ...base,
    read: (values) => {
      const value = last(values);
      if (base.pattern !== undefined && value !== "" && !base.pattern.test(value))
        return { problem: `allowed is ${base.allowed}` };
      return { value };
    },
    write: (value) => value,
  };
}

/** A number that stands for a choice; a value outside is a problem or falls back, as C does for that key. */
export function choice<N extends number>(
  base: Base<N> & { readonly choices: readonly N[]; readonly strict?: true },
): Setting<N> {
  return {
    ...base,
    read: (values) => {
      const number = readInteger(last(values));
      const found = base.choices.find((option) => option === number);
      if (found !== undefined) return { value: found };
      const allowed = `allowed is ${base.choices.join(", ")}`;
      return base.strict === true
        ? { problem: allowed }
        : { value: base.default, warning: `${allowed}: ${base.default} is used` };
    },
    write: String,
  };
}

/** A word out of a list, in any case. */
export function word<W extends string>(base: Base<W> & { readonly words: Readonly<Record<string, W>> }): Setting<W> {
  return {
    ...base,
    read: (values) => {
      const value = base.words[last(values).toLowerCase()];
      return value === undefined ? { problem: `allowed is ${Object.keys(base.words).join(", ")}` } : { value };
    },
    write: (value) => value,
  };
}

export function timeOfDay(base: Base<number>): Setting<number> {
  return {
    ...base,
    read: (values) => {
      const value = readTimeOfDay(last(values));
      return value === null ? { problem: "expected a time of day, H:M or H:M:S" } : { value };
    },
    write: formatTimeOfDay,
  };
}

export function logLevel(base: Base<LogLevelName>): Setting<LogLevelName> {
  return {
    ...base,
    read: (values) => {
      const value = readLogLevel(last(values));
      const allowed = "allowed is emerg, alert, crit, error, warn, notice, info, debug: info is used";
      return value === null ? { value: "INFO", warning: allowed } : { value };
    },
    write: (value) => value.toLowerCase(),
  };
}

export function reservedSpace(base: Base<ReservedSpace>): Setting<ReservedSpace> {
  return {
    ...base,
    read: (values) => {
      const value = readReservedSpace(last(values));
      return value === null ? { problem: "expected a size such as 10GB, or a share between 0% and 100%" } : { value };
    },
    write: formatReservedSpace,
  };
}

export function serverAddresses(
  base: Omit<Base<readonly ServerAddress[]>, "default"> & { readonly defaultPort: number },
): Setting<readonly ServerAddress[]> {
  const MAX = 16;
  return {
    ...base,
    default: [],
    many: true,
    read: (values) => {
      const parsed = values.map((value) => parseServerAddress(value, base.defaultPort));
      const bad = parsed.findIndex((address) => typeof address === "string");
      if (bad >= 0) return { problem: `'${values[bad]}': ${parsed[bad] as string}` };
      const value = sortServerAddresses(parsed as ServerAddress[]);
      if (value.length > MAX) return { problem: `at most ${MAX} trackers, found ${value.length}` };
      return { value };
    },
    write: (value) => value.map(formatServerAddress).join(" "),
  };
}

export function allowedHosts(base: Omit<Base<AllowedHosts | null>, "default">): Setting<AllowedHosts | null> {
  return {
    ...base,
    default: null,
    many: true,
    read: (values) => {
      const { hosts, problems } = parseAllowHosts(values);
      const [first] = problems;
      if (first !== undefined) return { problem: `'${first[0]}': ${first[1]}` };
      const nobody = hosts !== null && hosts.addresses.length + hosts.cidrs.length + hosts.names.length === 0;
      return nobody ? { value: hosts, warning: "present but empty: nobody may connect" } : { value: hosts };
    },
    write: (value) =>
      value === null
        ? "*"
        : [...value.addresses, ...value.cidrs.map((cidr) => `${cidr.address}/${cidr.bits}`), ...value.names].join(" "),
  };
}
