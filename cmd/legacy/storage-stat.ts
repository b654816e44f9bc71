// fdfs_storage_stat: the storages of all groups, filtered by the tracker asked.

import type { CommandContext } from "../command.ts";
import { storageStatText } from "../render/stat-text.ts";
import { SYSTEM_CLIENT_CONF } from "../trackers.ts";
import { lastOf, runStatProgram, type StatProgram } from "./stat-program.ts";

const storageStat: StatProgram = {
  letters: "ANTtd",
  usage: (program) => `Usage: ${program} [-c config_filename=${SYSTEM_CLIENT_CONF}]
	[-A] list ACTIVE storages
	[-N] list None ACTIVE storages
	[-d] show detail / more info

When use_trunk_file is true, including options:
	[-T] list trunk servers / storages
	[-t] list None trunk servers / storages

For example:
	${program} -A
	${program} -N

`,
  query: async (client, letters) => {
    const isActive = lastOf(letters, "A", "N");
    const isTrunkServer = lastOf(letters, "T", "t");
    const result = await client.storageStat({
      ...(isActive === null ? {} : { isActive }),
      ...(isTrunkServer === null ? {} : { isTrunkServer }),
    });
    return storageStatText(result, letters.includes("d"));
  },
};

export function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  return runStatProgram(storageStat, argv, context);
}
