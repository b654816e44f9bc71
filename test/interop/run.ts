/**
 * `make interop`: foreign clients, the C programs and our commands against all C, all ours and both mixes.
 * Prints the matrix and ends with `N passed, N failed, N skipped`; exit status 1 when anything failed.
 * `--only NAME` (repeatable) runs some suites, `--write` puts the matrix into docs/interop.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { whyNoPeer } from "./clusters/c-cluster.ts";
import type { Cluster, Maker } from "./clusters/cluster.ts";
import { whyNoFdfs } from "./clusters/fdfs-cluster.ts";
import { clusterName, startCluster } from "./clusters/start-cluster.ts";
import { type ColumnVerdicts, matrixText, totals } from "./matrix.ts";
import { type Suite, suites } from "./suites.ts";
import type { Verdict } from "./verdict.ts";

const DOCUMENT = resolve(import.meta.dirname, "../../docs/interop.md");
const BEGIN = "<!-- matrix: written by make interop -->";
const END = "<!-- end of matrix -->";
const COLUMNS: readonly (readonly [Maker, Maker])[] = [
  ["c", "c"],
  ["fdfs", "fdfs"],
  ["c", "fdfs"],
  ["fdfs", "c"],
];

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true }, write: { type: "boolean", default: false } },
});
const only = values.only ?? suites.map((suite) => suite.name);
const unknown = only.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`No suite is named ${unknown.join(", ")}; there are ${suites.map((suite) => suite.name).join(", ")}`);
  process.exit(2);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const chosen = suites.filter((suite) => only.includes(suite.name));
const columns: ColumnVerdicts[] = [];
for (const [tracker, storage] of COLUMNS) columns.push(await runColumn(tracker, storage, chosen));
const text = matrixText(columns);
console.log(`\n${text}\n`);
if (values.write) writeDocument(text);
const { passed, failed, skipped } = totals(columns);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);

async function runColumn(tracker: Maker, storage: Maker, selected: readonly Suite[]): Promise<ColumnVerdicts> {
  const title = clusterName(tracker, storage);
  const makers = new Set([tracker, storage]);
  const missing = (makers.has("c") ? whyNoPeer() : null) ?? (makers.has("fdfs") ? whyNoFdfs() : null);
  if (missing !== null) {
    const verdicts = selected.flatMap((suite) => wholeSuite(suite, "skipped", "everything", missing));
    console.log(`${title}: skipped: ${missing}`);
    return { title, verdicts };
  }
  const verdicts: Verdict[] = [];
  let cluster: Cluster | undefined;
  try {
    cluster = await startCluster(tracker, storage);
    const running = cluster;
    const one = async (suite: Suite): Promise<void> => {
      const started = performance.now();
      const found = await runSuite(suite, running, tracker, storage);
      verdicts.push(...found);
      report(title, suite, found, performance.now() - started);
    };
    for (const suite of selected.filter(({ isPatient }) => isPatient !== true)) await one(suite);
    await Promise.all(selected.filter(({ isPatient }) => isPatient === true).map(one));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.log(`${title}: the cluster does not come up: ${reason}`);
    verdicts.push(...selected.flatMap((suite) => wholeSuite(suite, "failed", "cluster", reason)));
  } finally {
    await cluster?.stop();
  }
  return { title, verdicts };
}

async function runSuite(suite: Suite, cluster: Cluster, tracker: Maker, storage: Maker): Promise<Verdict[]> {
  const missing = await suite.whyNot(storage);
  if (missing !== null) return wholeSuite(suite, "skipped", suite.name, missing);
  try {
    return await suite.run(cluster, tracker, storage);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wholeSuite(suite, "failed", suite.name, reason);
  }
}

/** One verdict for each row of a suite that could not run or broke down. */
function wholeSuite(suite: Suite, outcome: "skipped" | "failed", name: string, reason: string): Verdict[] {
  return suite.rows.map((row) => ({ row, name, outcome, reason }));
}

function report(title: string, suite: Suite, verdicts: readonly Verdict[], elapsedMs: number): void {
  const failed = verdicts.filter((verdict) => verdict.outcome === "failed");
  const ok = verdicts.filter((verdict) => verdict.outcome === "ok").length;
  console.log(`${title}: ${suite.name}: ${ok} ok, ${failed.length} failed (${Math.round(elapsedMs)} ms)`);
  for (const verdict of failed) console.log(`  FAILED ${verdict.row}, ${verdict.name}: ${verdict.reason}`);
  const skipped = new Set(verdicts.filter((verdict) => verdict.outcome === "skipped").map((verdict) => verdict.reason));
  for (const reason of skipped) console.log(`  skipped: ${reason}`);
}

function writeDocument(matrix: string): void {
  const document = readFileSync(DOCUMENT, "utf8");
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} has no lines "${BEGIN}" and "${END}" to write between`);
  const day = new Date().toISOString().slice(0, 10);
  const block = `${BEGIN}\nMeasured ${day}.\n\n${matrix}\n`;
  writeFileSync(DOCUMENT, document.slice(0, begin) + block + document.slice(end));
}
