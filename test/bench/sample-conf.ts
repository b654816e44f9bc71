// The shipped sample configuration with other values in place of some of its lines: what a server under measurement runs
// with. It changes lines that the samples have, those behind a # too, and adds none, so nothing can be switched on or off
// unseen.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export type SampleName = "tracker" | "storage" | "client";
/** New values by key; the key must stand in the sample. */
export type Values = Readonly<Record<string, string | number>>;

const FOLDER = join(import.meta.dirname, "../../conf/samples");

/** The text of `conf/samples/<name>.conf` with `values`; a key that stands there several times is kept once. */
export function sampleConf(name: SampleName, values: Values): string {
  const left = new Map(Object.entries(values));
  const lines: string[] = [];
  for (const line of readFileSync(join(FOLDER, `${name}.conf`), "utf8").split("\n")) {
    const key = /^#?(\w+)\s*=/.exec(line)?.[1];
    if (key === undefined || !(key in values)) lines.push(line);
    else if (left.delete(key)) lines.push(`${key} = ${values[key]}`);
  }
  if (left.size > 0) throw new Error(`conf/samples/${name}.conf has no line for ${[...left.keys()].join(", ")}`);
  return lines.join("\n");
}
