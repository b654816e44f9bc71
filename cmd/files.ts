// Which local files the words of `fdfs upload` mean: a path as it stands, a pattern that the shell left alone, or - for
// standard input. It looks at the disk and reads no file.

import { statSync } from "node:fs";
import { glob } from "node:fs/promises";
import { relative, resolve } from "node:path";

/** A file to send, or the reason why the word stands for none. */
export type LocalFile =
  | { kind: "file"; name: string; path: string; size: number }
  | { kind: "stdin"; name: "-" }
  | { kind: "failed"; name: string; message: string };

const PATTERN = /[*?[{]/;

/** Expands each word in turn; matches of one pattern are sorted. A word that names an existing file is no pattern. */
export async function findFiles(words: readonly string[], cwd: string): Promise<LocalFile[]> {
  const found: LocalFile[] = [];
  for (const word of words) {
    if (word === "-") found.push({ kind: "stdin", name: "-" });
    else found.push(...(await findWord(word, cwd)));
  }
  return found;
}

async function findWord(word: string, cwd: string): Promise<LocalFile[]> {
  const named = fileAt(word, cwd);
  if (named.kind !== "failed" || !PATTERN.test(word)) return [named];
  const matches: LocalFile[] = [];
  for await (const match of glob(word, { cwd })) {
    const file = fileAt(word.startsWith("/") ? resolve("/", match) : match, cwd);
    if (file.kind === "file") matches.push(file);
  }
  if (matches.length === 0) {
    return [{ kind: "failed", name: word, message: `Cannot upload ${word}: no file matches the pattern` }];
  }
  return matches.sort((left, right) => (left.name < right.name ? -1 : 1));
}

function fileAt(name: string, cwd: string): LocalFile {
  const path = resolve(cwd, name);
  try {
    // One after another in any case: then a trip to another thread for each file only costs.
    const status = statSync(path);
    if (status.isDirectory()) {
      const pattern = `${relative(cwd, path) || "."}/**`;
      return {
        kind: "failed",
        name,
        message: `Cannot upload ${name}: it is a folder; name its files or give '${pattern}'`,
      };
    }
    if (!status.isFile()) return { kind: "failed", name, message: `Cannot upload ${name}: it is no regular file` };
    return { kind: "file", name, path, size: status.size };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "there is no such file" : String(code ?? error);
    return { kind: "failed", name, message: `Cannot upload ${name}: ${reason}` };
  }
}
