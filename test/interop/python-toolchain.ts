/**
 * Makes a Python client's driver runnable: a virtual environment with the pinned requirements, kept under .cache.
 */
import { join } from "node:path";
import { cachedBuild } from "./build-cache.ts";
import type { Prepared } from "./foreign-clients.ts";
import { runProgram } from "./verdict.ts";

const HERE = import.meta.dirname;
const FETCH_TIMEOUT_MS = 300_000;

export async function preparePython(name: string): Promise<Prepared> {
  const version = await runProgram(["python3", "--version"]);
  if (version.code !== 0) return { skip: "python3 is not installed" };
  const requirements = join(HERE, name, "requirements.txt");
  const built = await cachedBuild(name, [requirements], async (folder) => {
    const venv = join(folder, "venv");
    const made = await runProgram(["python3", "-m", "venv", venv]);
    if (made.code !== 0) return `python3 cannot make a virtual environment: ${made.stdout}${made.stderr}`;
    const pip = [join(venv, "bin", "pip"), "install", "-q", "--disable-pip-version-check", "-r", requirements];
    const fetched = await runProgram(pip, { timeoutMs: FETCH_TIMEOUT_MS });
    return fetched.code === 0 ? null : `pip cannot install ${name}: ${fetched.stderr.slice(0, 300)}`;
  });
  if ("skip" in built) return built;
  return { command: [join(built.folder, "venv", "bin", "python"), join(HERE, name, "driver.py")] };
}
