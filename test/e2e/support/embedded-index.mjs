// Uses the embedded index of duplicates in the file of the first argument and prints what it answers. For runtimes whose
// SQLite is not Bun's.

import process from "node:process";
import { EmbeddedIndex } from "../../../core/storage/duplicates/embedded-index.ts";

const index = new EmbeddedIndex(process.argv[2], "FastDFS", false);
const key = new TextEncoder().encode("group1/M00/00/00/name");
const answers = [
  await index.get(key, "ref"),
  await index.increment(key, "ref", 1),
  await index.increment(key, "ref", 1),
  await index.increment(key, "ref", -1),
  await index.set(key, "sig", Uint8Array.of(0, 1, 255)),
  [...(await index.get(key, "sig"))],
  [...(await index.get(key, "ref"))],
  await index.remove(key, "ref"),
  await index.remove(key, "ref"),
];
index.close();
console.log(JSON.stringify(answers));
