// fdfs_tracker_stat: the trackers, filtered by the tracker asked.

import type { CommandContext } from "../command.ts";
import { trackerStatText } from "../render/stat-text.ts";
import { SYSTEM_CLIENT_CONF } from "../trackers.ts";
import { lastOf, runStatProgram, type StatProgram } from "./stat-program.ts";

const trackerStat: StatProgram = {
  letters: "ANLFd",
  usage: (program) => `Usage: ${program} [-c config_filename=${SYSTEM_CLIENT_CONF}]
	[-A] list ACTIVE trackers
	[-N] list None ACTIVE trackers
	[-L] list leader tracker
	[-F] list follower trackers
	[-d] show detail / more info

For example:
	${program} -A
	${program} -N

`,
  query: async (client, letters) => {
    const isActive = lastOf(letters, "A", "N");
    const isLeader = lastOf(letters, "L", "F");
    const trackers = await client.trackerStat({
      ...(isActive === null ? {} : { isActive }),
      ...(isLeader === null ? {} : { isLeader }),
    });
    return trackerStatText(trackers, letters.includes("d"));
  },
};

export function runLegacy(argv: readonly string[], context: CommandContext): Promise<number> {
  return runStatProgram(trackerStat, argv, context);
}
