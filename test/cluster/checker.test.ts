// The checks of the cluster tests can fail: a removed file, a changed byte, a byte too many, lost metadata are found.

import { afterEach, describe, expect, test } from "bun:test";
import { appendFileSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { parseFileId } from "../../core/fileid/file-id.ts";
import { ProcessCluster, whyNoCluster } from "./support/cluster.ts";
import { converged } from "./support/convergence.ts";
import { Load } from "./support/load.ts";
import type { StoredFile } from "./support/model.ts";
import type { Server } from "./support/server.ts";
import { dataFiles } from "./support/trees.ts";
import { verify } from "./support/verify.ts";

const TEST_TIMEOUT_MS = 120_000;
const missing = whyNoCluster();

let cluster: ProcessCluster | null = null;
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

function pathOf(storage: Server, file: StoredFile, suffix = ""): string {
  const { fileName } = parseFileId(file.id);
  const found = dataFiles(storage).find(([name]) => name === fileName + suffix);
  if (found === undefined) throw new Error(`${storage.label} has no ${fileName}${suffix}`);
  return found[1];
}

describe.skipIf(missing !== null)(`checker${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  test(
    "a removed file, a changed byte, a byte too many and lost metadata are noticed",
    async () => {
      cluster = await ProcessCluster.start({ trackers: 1, storages: 2 });
      const { storages } = cluster;
      const trackers = cluster.trackers.map(({ address }) => address);
      const options = { client: cluster.client(), trackers, perSecond: 1000, hasLinks: cluster.maker === "fdfs" };
      const load = new Load({ ...options, seed: 7, operations: 200 });
      load.start();
      await load.finished();
      await converged(storages, 30_000, load);
      expect((await verify(load.model, storages)).wrong).toEqual([]);

      // A pinned file is read through links, too.
      const isKept = ({ outcomes, isPinned }: StoredFile): boolean => outcomes[0]!.content !== null && !isPinned;
      const kept = load.model.files.filter(isKept);
      const [removed, changed] = kept.filter(({ kind }) => kind === "normal");
      const described = kept.find(
        (file) => file !== removed && file !== changed && file.outcomes[0]!.metadata.size > 0,
      );
      if (removed === undefined || changed === undefined || described === undefined) throw new Error("too few files");
      unlinkSync(pathOf(storages[0]!, removed));
      const path = pathOf(storages[1]!, changed);
      const bytes = readFileSync(path);
      bytes[0]! ^= 1;
      writeFileSync(path, bytes);
      unlinkSync(pathOf(storages[1]!, described, "-m"));
      appendFileSync(pathOf(storages[0]!, described), "x");

      const failure = await converged(storages, 500, load).then(
        () => "equal",
        (error: Error) => error.message,
      );
      expect(failure).toContain("4 names differ");
      for (const file of [removed, changed, described]) expect(failure).toContain(parseFileId(file.id).fileName);
      const { wrong } = await verify(load.model, storages);
      const ids = wrong.map((text) => text.slice(0, text.indexOf(":")));
      expect(ids.sort()).toEqual([removed.id, changed.id, described.id].sort());
    },
    TEST_TIMEOUT_MS,
  );
});
