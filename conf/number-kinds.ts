// The kinds of settings that are numbers: counts, durations, sizes. What C does with a value out of range (take the
// default, take the bound, refuse) is part of the entry.

import type { ConfValue } from "./ini-adapter.ts";
import type { Reporter, Setting, SettingFacts } from "./setting.ts";
import { formatSize, readInteger, readSize } from "./units.ts";

/** What a value out of range becomes: the default, the nearest bound, or a refusal. */
type OutOfRange = "default" | "clamp" | "fail";

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

/** What a text says: a number, or null for a text that the reader has reported and that counts as missing. */
type ReadNumber = (
  value: ConfValue,
  fallback: number,
  reporter: Reporter,
  allowed: string,
) => { readonly number: number; readonly exact: boolean } | null;

function numberSetting(
  facts: NumberFacts,
  kind: string,
  unit: string,
  format: (value: number) => string,
  read: ReadNumber,
): Setting<number> {
  const { default: given, defaultText, min, max, outside = "default", ...rest } = facts;
  const missing = typeof given === "number" ? () => given : given;
  const range = rangeText(facts, format);
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
      const found = read(value, missing(), reporter, allowed);
      if (found === null) return missing();
      const { number, exact } = found;
      const isLow = min !== undefined && number < min;
      if (!isLow && (max === undefined || number <= max)) {
        if (!exact) reporter.warn(value, `not a whole number, read as ${number} as C does`, { allowed });
        return number;
      }
      const what = exact ? "out of range" : `not a whole number, read as ${number} as C does, which is out of range`;
      if (outside === "fail") {
        reporter.fail(value, what, { allowed });
        return missing();
      }
      const taken = outside === "default" ? missing() : isLow ? min : max!;
      reporter.warn(value, `${what}: ${format(taken)} is used`, { allowed });
      return taken;
    },
  };
}

const readWhole: ReadNumber = (value) => readInteger(value.text);

/** A whole number, read as C's atoi reads it: garbage is 0 and then out of range or not. */
export function integer(facts: NumberFacts): Setting<number> {
  return numberSetting(facts, "number", "a whole number", String, readWhole);
}

/** A duration in seconds. */
export function seconds(facts: NumberFacts): Setting<number> {
  return numberSetting(facts, "seconds", "whole seconds", String, readWhole);
}

/** A duration in milliseconds. */
export function milliseconds(facts: NumberFacts): Setting<number> {
  return numberSetting(facts, "milliseconds", "whole milliseconds", String, readWhole);
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
      if (bytes !== null) return { number: bytes, exact: true };
      if (invalid === "fail") reporter.fail(value, "not a size", { allowed });
      else reporter.warn(value, `not a size, ${formatSize(fallback)} is used`, { allowed });
      return null;
    },
  );
}
