// What is switched on and cannot be done is named, what is off is not.

import { expect, test } from "bun:test";
import { storageDefaults } from "../../../../../conf/index.ts";
import { parseTrackerParameters } from "../../../../../core/storage/control/parameters.ts";
import { unsupportedSettings } from "../../../../../core/storage/control/unsupported.ts";

test("nothing is said of the defaults", () => {
  expect(unsupportedSettings(storageDefaults({}), parseTrackerParameters(""))).toEqual([]);
});

test("each promise that is not kept is named by its key", () => {
  const parameters = parseTrackerParameters("use_trunk_file=1\nstore_slave_file_use_link=1\n");
  const sentences = unsupportedSettings(storageDefaults({ checkFileDuplicate: true }), parameters);
  expect(sentences.map((sentence) => sentence.split(" ")[0])).toEqual([
    "check_file_duplicate",
    "use_trunk_file",
    "store_slave_file_use_link",
  ]);
});
