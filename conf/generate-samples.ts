// Writes conf/samples/*.conf and the key tables of docs/configuration.md from the settings tables. A developer's script,
// run as `bun conf/generate-samples.ts` after a change of a table; nothing in the program imports it.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { keyReference } from "./key-reference.ts";
import { sampleConf, settingsFiles } from "./sample.ts";

const here = dirname(fileURLToPath(import.meta.url));

for (const file of settingsFiles) writeFileSync(join(here, "samples", `${file}.conf`), sampleConf(file));

const page = join(here, "../docs/configuration.md");
const mark = "<!-- Below this line: written by conf/generate-samples.ts -->";
const [head] = readFileSync(page, "utf8").split(mark) as [string];
const tables = (["tracker", "storage", "client"] as const).map(keyReference);
writeFileSync(page, `${head}${mark}\n\n${tables.join("\n\n")}\n`);
