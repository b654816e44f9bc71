// The kinds of settings that are numbers: counts, durations, sizes. What C does with a value out of range (take the
// default, take the bound, refuse) is part of the entry.

import type { ConfValue } from "./ini-adapter.ts";
import type { Reporter, Setting, SettingFacts } from "./setting.ts";
import { formatSize, readInteger, readSize } from "./units.ts";

/** What a value out of range becomes: the default, the nearest bound, or a refusal. */
export type OutOfRange = "default" | "clamp" | "fail";

interface Range {
  readonly min?: number;
  readonly max?: number;
  /** Default: `default`. */
  readonly outside?: OutOfRange;
}

interface NumberFacts extends SettingFacts, Range {
  readonly default: number | (() => number);
  /** The default in words when it is a function. */
  readonly defaultText?: string;
}

function rangeText({ min, max }: Range, format: (value: number) => string): string {
  if (min !== undefined && max !== undefined) return `${format(min)} to ${format(max)}`;
  if (min !== undefined) return `${format(min)} or more`;
  return max !== undefined ? `up to ${format(max)}` : "";
}

function numberSetting(
  facts: NumberFacts,
  kind: string,
  unit: string,
  format: (value: number) => string,
  read: (value: ConfValue, fallback: number, report: Reporter, allowed: string) => number | null,
): Setting<number> {
  const { default: given, defaultText, min, max, outside = "default", ...rest } = facts;
  const missing = typeof given === "number" ? () => given : given;
  const range = rangeText({ ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }, format);
  const allowed = range === "" ? unit : `${unit}, ${range}`;
  return {
    ...rest,
    repeats: false,
    required: false,
    kind,
    allowed,
    missing,
    ...(defaultText === undefined ? {} : { missingText: defaultText }),
    format: (value) => [format(value)],
    parse(values, reporter) {
      const value = values.at(-1)!;
      const number = read(value, missing(), reporter, allowed);
      if (number === null) return missing();
      const low = min !== undefined && number < min;
      if (!low && !(max !== undefined && number > max)) return number;
      if (outside === "fail") {
        reporter.fail(value, "out of range", { allowed });
        return missing();
      }
      const taken = outside === "default" ? missing() : low ? min : max!;
      reporter.warn(value, `out of range, ${format(taken)} is used`, { allowed });
      return taken;
    },
  };
}

function readNumber(value: ConfValue, fallback: number, reporter: Reporter, allowed: string): number {
  const { number, exact } = readInteger(value.text);
  if (!exact && number !== fallback)
    reporter.warn(value, `not a whole number, read as ${number} as C does`, { allowed });
  else if (!exact) reporter.warn(value, "not a whole number", { allowed });
  return number;
}

/** A whole number, read as C's atoi reads it: garbage is 0 and then out of range or not. */
export function integer(facts: NumberFacts): Setting<number> {
  return numberSetting(facts, "number", "a whole number", String, readNumber);
}

/** A duration in seconds. */
export function seconds(facts: NumberFacts): Setting<number> {
  return numberSetting(facts, "seconds", "whole seconds", String, readNumber);
}

/** A duration in milliseconds. */
export function milliseconds(facts: NumberFacts): Setting<number> {
  return numberSetting(facts, "milliseconds", "whole milliseconds", String, readNumber);
}

/** Bytes. `invalid`: what a text that is no size does in C's reader of this key (http-config-tools.md §1.6). */
export function size(facts: NumberFacts & { readonly invalid?: "default" | "fail" }): Setting<number> {
  const { invalid = "default", ...rest } = facts;
  return numberSetting(
    rest,
    "size",
    "bytes, or a whole number with K, M, G or T",
    formatSize,
    (value, fallback, reporter, allowed) => {
      const bytes = readSize(value.text);
      if (bytes !== null) return bytes;
      if (invalid === "fail") reporter.fail(value, "not a size", { allowed });
      else reporter.warn(value, `not a size, ${formatSize(fallback)} is used`, { allowed });
      return null;
    },
  );
}
