/**
 * Makes a Java client's driver runnable: Maven copies the jars the pom names, javac compiles the driver.
 * Both are done once per content of the sources and kept under .cache.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cachedBuild } from "./build-cache.ts";
import type { Prepared } from "./foreign-clients.ts";
import { runProgram } from "./verdict.ts";

const HERE = import.meta.dirname;
const FETCH_TIMEOUT_MS = 300_000;
/** Spring 5.0 defines proxy classes by reflection, which Java 16 and later forbid by default; Java 8 ignores this. */
const JAVA_ENV = "--add-opens=java.base/java.lang=ALL-UNNAMED";

export async function prepareJava(name: string): Promise<Prepared> {
  for (const tool of ["java", "javac", "mvn"]) {
    const found = await runProgram([tool, "-version"]);
    if (found.code !== 0) return { skip: `${tool} is not installed` };
  }
  const pom = join(HERE, name, "pom.xml");
  const sources = [join(HERE, "driver-kit", "Checks.java"), join(HERE, name, "Driver.java")];
  const built = await cachedBuild(name, [pom, ...sources], async (folder) => {
    const lib = join(folder, "lib");
    const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${lib}`];
    const fetched = await runProgram(["mvn", "-q", "-B", "-Dstyle.color=never", "-f", pom, ...goal], {
      timeoutMs: FETCH_TIMEOUT_MS,
    });
    if (fetched.code !== 0) return `mvn cannot fetch the jars: ${fetched.stdout.slice(0, 300)}`;
    const flags = ["-nowarn", "-source", "8", "-target", "8", "-encoding", "UTF-8"];
    const classes = join(folder, "classes");
    mkdirSync(classes);
    const compiled = await runProgram(["javac", ...flags, "-cp", `${lib}/*`, "-d", classes, ...sources]);
    if (compiled.code !== 0) throw new Error(`javac refuses the driver of ${name}: ${compiled.stderr}`);
    return null;
  });
  if ("skip" in built) return built;
  const path = `${join(built.folder, "classes")}:${join(built.folder, "lib")}/*`;
  const flags = ["-Dfile.encoding=UTF-8", "-Djava.awt.headless=true"];
  return { command: ["env", `JDK_JAVA_OPTIONS=${JAVA_ENV}`, "java", ...flags, "-cp", path, "Driver"] };
}
