// Settings that promise something this version of fdfs does not do. An operator must hear it at start, not miss it later.

import type { StorageSettings } from "../../../conf/index.ts";
import type { TrackerParameters } from "./parameters.ts";

/** One sentence for each such setting that is switched on. */
export function unsupportedSettings(settings: StorageSettings, parameters: TrackerParameters): string[] {
  const sentences: string[] = [];
  if (settings.checkFileDuplicate) {
    sentences.push("check_file_duplicate is on, but fdfs does not recognise equal files yet: every upload is stored");
  }
  if (parameters.useTrunkFile) {
    sentences.push(
      "use_trunk_file is on at the tracker, but fdfs has no trunk files yet: files are stored one by one, and those inside trunk files are not served",
    );
  }
  if (parameters.storeSlaveFileUseLink) {
    sentences.push("store_slave_file_use_link is on at the tracker, but fdfs stores slave files as files of their own");
  }
  return sentences;
}
