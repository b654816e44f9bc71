// The kinds of values a setting can have beside numbers (number-kinds.ts) and machines (address-kinds.ts): each makes a
// table entry with its parser, its printer and its words for what is allowed.

import type { ConfValue } from "./ini-adapter.ts";
import type { Setting, SettingFacts } from "./setting.ts";
import {
  formatReservedSpace,
  formatTimeOfDay,
  type LogLevelName,
  type ReservedSpace,
  readBoolean,
  readInteger,
  readLogLevel,
  readReservedSpace,
  readTimeOfDay,
} from "./units.ts";

type Entry<Value> = Setting<Value>;

/** Getters of single values take the last occurrence (http-config-tools.md §1.2). */
const last = (values: readonly ConfValue[]): ConfValue => values.at(-1)!;

const single = { repeats: false, required: false } as const;

export function bool(facts: SettingFacts & { readonly default: boolean }): Entry<boolean> {
  const { default: given, ...rest } = facts;
  const allowed = "true, yes, on or 1; false, no, off or 0";
  return {
    ...rest,
    ...single,
    kind: "yes or no",
    allowed,
    missing: () => given,
    format: (value) => [String(value)],
    parse(values, reporter) {
      const { on, exact } = readBoolean(last(values).text);
      if (!exact) reporter.warn(last(values), "neither yes nor no, read as false as C does", { allowed });
      return on;
    },
  };
}

/** A time of day as seconds after local midnight. Anything else refuses the start. */
export function timeOfDay(facts: SettingFacts & { readonly default: string }): Entry<number> {
  const { default: given, ...rest } = facts;
  const missing = readTimeOfDay(given)!;
  const allowed = "HH:MM or HH:MM:SS";
  return {
    ...rest,
    ...single,
    kind: "time of day",
    allowed,
    missing: () => missing,
    format: (value) => [formatTimeOfDay(value)],
    parse(values, reporter) {
      const second = readTimeOfDay(last(values).text);
      if (second === null) reporter.fail(last(values), "not a time of day", { allowed });
      return second ?? missing;
    },
  };
}

/** Any text, also an empty one. `check` answers what is wrong with it, or null. */
export function text(
  facts: SettingFacts & {
    readonly kind?: string;
    readonly required?: boolean;
    readonly allowed?: string;
    /** Default: empty. */
    readonly default?: string;
    readonly check?: (text: string) => string | null;
  },
): Entry<string> {
  const { kind = "text", required = false, allowed = "any text", default: given = "", check, ...rest } = facts;
  return {
    ...rest,
    repeats: false,
    required,
    kind,
    allowed,
    missing: () => given,
    format: (value) => (value === "" ? [] : [value]),
    parse(values, reporter) {
      const value = last(values);
      const problem = check?.(value.text) ?? (required && value.text === "" ? "empty" : null);
      if (problem !== null) reporter.fail(value, problem, { allowed });
      return value.text;
    },
  };
}

/** A path, used as written. A trailing slash is taken off. */
export function path(facts: SettingFacts & { readonly required?: boolean; readonly default?: string }): Entry<string> {
  const entry = text({ ...facts, kind: "path", allowed: "a path" });
  const withoutSlash = (value: string): string => (value.length > 1 ? value.replace(/\/+$/, "") || "/" : value);
  return { ...entry, parse: (values, reporter) => withoutSlash(entry.parse(values, reporter)) };
}

/** One of several words in any case. `otherwise`: what an unknown word becomes; absent: it refuses the start. */
export function choice<Value extends string | number>(
  facts: SettingFacts & {
    readonly kind?: string;
    readonly values: Readonly<Record<string, Value>>;
    readonly default: Value;
    readonly otherwise?: Value;
  },
): Entry<Value> {
  const { kind = "one of", values: words, default: given, otherwise, ...rest } = facts;
  const names = Object.keys(words);
  const allowed = names.join(", ");
  const nameOf = (value: Value): string => names.find((name) => words[name] === value)!;
  return {
    ...rest,
    ...single,
    kind,
    allowed,
    missing: () => given,
    format: (value) => [nameOf(value)],
    parse(values, reporter) {
      const value = last(values);
      const name = names.find((each) => each.toLowerCase() === value.text.toLowerCase());
      if (name !== undefined) return words[name]!;
      if (otherwise === undefined) {
        reporter.fail(value, "not a known value", { allowed });
        return given;
      }
      reporter.warn(value, `not a known value, ${nameOf(otherwise)} is used`, { allowed });
      return otherwise;
    },
  };
}

/** A mode given by number, read as C reads numbers. */
export function mode<Value extends number>(
  facts: SettingFacts & {
    readonly values: readonly Value[];
    readonly default: Value;
    readonly otherwise?: Value;
  },
): Entry<Value> {
  const { values: modes, default: given, otherwise, ...rest } = facts;
  const allowed = modes.join(", ");
  return {
    ...rest,
    ...single,
    kind: "mode",
    allowed,
    missing: () => given,
    format: (value) => [String(value)],
    parse(values, reporter) {
      const value = last(values);
      const { number, exact } = readInteger(value.text);
      const found = modes.find((each) => each === number);
      if (found === undefined && otherwise === undefined) {
        reporter.fail(value, "not a known mode", { allowed });
        return given;
      }
      const taken = found ?? otherwise!;
      if (found === undefined || !exact) reporter.warn(value, `not a known mode, ${taken} is used`, { allowed });
      return taken;
    },
  };
}

export function logLevel(facts: SettingFacts): Entry<LogLevelName> {
  const allowed = "emerg, alert, crit, error, warn, notice, info, debug";
  return {
    ...facts,
    ...single,
    kind: "log level",
    allowed,
    missing: () => "INFO",
    format: (value) => [value === "WARNING" ? "warn" : value.toLowerCase()],
    parse(values, reporter) {
      const level = readLogLevel(last(values).text);
      if (level === null) reporter.warn(last(values), "not a log level, info is used", { allowed });
      return level ?? "INFO";
    },
  };
}

export function reservedSpace(facts: SettingFacts): Entry<ReservedSpace> {
  const allowed = "a size, or a percentage between 0% and 100% (both excluded)";
  const missing: ReservedSpace = { kind: "mb", mb: 1024 };
  return {
    ...facts,
    ...single,
    kind: "size or percentage",
    allowed,
    missing: () => missing,
    format: (value) => [formatReservedSpace(value)],
    parse(values, reporter) {
      const space = readReservedSpace(last(values).text);
      if (space === null) reporter.fail(last(values), "neither a size nor a percentage", { allowed });
      return space ?? missing;
    },
  };
}

/** Keys with a number in them (`store_path0`, `store_path1`): values by number, each read as the entry reads one key. */
export function numbered<Value>(entry: Entry<Value>, pattern: RegExp): Entry<ReadonlyMap<number, Value>> {
  const numberOf = (key: string): number => Number(pattern.exec(key)![1]);
  return {
    ...entry,
    pattern,
    missing: () => new Map(),
    format: (value) => [...value.values()].flatMap((each) => entry.format(each)),
    parse(values, reporter) {
      const keys = [...new Set(values.map((value) => value.key))];
      return new Map(
        keys.map((key) => [
          numberOf(key),
          entry.parse(
            values.filter((value) => value.key === key),
            reporter,
          ),
        ]),
      );
    },
  };
}
