// The small languages of `fdfs bench`'s option values: sizes, durations, mixes, process ids. Each parser returns the value
// or a sentence's end that says what is wrong.

import { type LoadPlan, type OperationKind, operationKinds } from "../../core/bench/plan.ts";
import type { SizePart } from "../../core/bench/sizes.ts";

const SIZE_LIMIT = 1024 ** 3;

/** `4K`, `1K-64K` (any size of the range), `4K:70,64K:25,1M:5` (by weight; ranges too). */
export function parseSizes(text: string): readonly SizePart[] | string {
  const parts: SizePart[] = [];
  const wrong = `has the value "${text}", allowed is a size (4K), a range (1K-64K) or a list with weights (4K:70,1M:30)`;
  for (const word of text.split(",")) {
    const match = /^(\d+[KMG]?)B?(?:-(\d+[KMG]?)B?)?(?::(\d+(?:\.\d+)?))?$/i.exec(word.trim());
    if (match === null) return wrong;
    const least = bytesOf(match[1]!);
    const greatest = match[2] === undefined ? least : bytesOf(match[2]);
    const weight = Number(match[3] ?? 1);
    if (greatest < least || weight <= 0) return wrong;
    // One thread holds one content of the greatest size.
    if (greatest > SIZE_LIMIT) return `has the value "${text}", allowed is at most 1G`;
    parts.push({ least, greatest, weight });
  }
  return parts;
}

function bytesOf(text: string): number {
  return Number.parseInt(text, 10) * 1024 ** Math.max(0, " KMG".indexOf(text.at(-1)!.toUpperCase()));
}

/** `10s`, `500ms`, `2m`, `1.5s`, in seconds. */
export function parseDuration(text: string): number | string {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) return `has the value "${text}", allowed is a time such as 500ms, 10s or 2m`;
  return Number(match[1]) * { ms: 0.001, s: 1, m: 60, h: 3600 }[match[2] as "ms" | "s" | "m" | "h"];
}

/** `upload=1,download=4`. */
export function parseMix(text: string): LoadPlan["mix"] | string {
  const mix: { kind: OperationKind; weight: number }[] = [];
  for (const word of text.split(",")) {
    const [name, weight = "1", ...rest] = word.trim().split("=");
    const kind = operationKinds.find((known) => known === name);
    if (kind === undefined || rest.length > 0 || !/^\d+(\.\d+)?$/.test(weight) || Number(weight) <= 0) {
      return `has the value "${text}", allowed is a list such as upload=1,download=4 of ${operationKinds.join(", ")}`;
    }
    if (mix.some((entry) => entry.kind === kind)) return `has the value "${text}", which names ${kind} twice`;
    mix.push({ kind, weight: Number(weight) });
  }
  return mix;
}

/** `123,124`. */
export function parsePids(text: string): readonly number[] | string {
  const pids = text.split(",").map((word) => (/^\s*\d{1,9}\s*$/.test(word) ? Number(word) : 0));
  return pids.every((pid) => pid > 0)
    ? pids
    : `has the value "${text}", allowed is a process id or several with commas between`;
}
