// fdfs_volumn_stat (the spelling is the C release's): the space of all groups, filtered by the tracker asked.

import type { CommandContext } from "../command.ts";
import { volumeStatText } from "../render/stat-text.ts";
import { SYSTEM_CLIENT_CONF } from "../trackers.ts";
import { lastOf, runStatProgram, type StatProgram } from "./stat-program.ts";

const volumnStat: StatProgram = {
  letters: "ANFDdTt",
  usage: (program) => `Usage: ${program} [-c config_filename=${SYSTEM_CLIENT_CONF}]
	[-A] list space available groups / volumns
	[-N | -F] list None space available groups / volumns
	[-D] list disk space available groups / volumns
	[-d] list None disk space available groups / volumns

When use_trunk_file is true, including options:
	[-T] list trunk space available groups / volumns
	[-t] list None trunk space available groups / volumns

Note: space available when disk space available or trunk space available

For example:
	${program} -A
	${program} -N

`,
  query: async (client, letters) => {
    const isSpaceAvailable = lastOf(letters, "A", "NF");
    const isDiskAvailable = lastOf(letters, "D", "d");
    const isTrunkAvailable = lastOf(letters, "T", "t");
    const result = await client.volumeStat({
      ...(isSpaceAvailable === null ? {} : { isSpaceAvailable }),
      ...(isDiskAvailable === null ? {} : { isDiskAvailable }),
      ...(isTrunkAvailable === null ? {} : { isTrunkAvailable }),
    });
    return volumeStatText(result);
  },
};

export function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  return runStatProgram(volumnStat, argv, context);
}
