// What the trunk server role works with of the storage around it.

import type { StorageSettings } from "../../../../conf/index.ts";
import type { Logger } from "../../../observe/logger.ts";
import type { LinkOptions } from "../../control/dial.ts";
import type { Discovery } from "../../control/discovery.ts";
import type { Errands } from "../../control/errands.ts";
import type { InitFlagFile } from "../../control/init-flag.ts";
import type { Membership } from "../../control/membership.ts";
import type { TrackerQuestions } from "../../control/tracker-questions.ts";
import type { WorkerTeam } from "../../control/worker-team.ts";
import type { NoticeTopic } from "../../scoreboard/notices.ts";
import type { Scoreboard } from "../../scoreboard/scoreboard.ts";
import type { FoundSlots } from "../found-slots.ts";

export interface TrunkKeeperHelp {
  readonly settings: StorageSettings;
  readonly port: number;
  readonly linkOptions: LinkOptions;
  readonly discovery: Discovery;
  readonly flag: InitFlagFile;
  readonly membership: Membership;
  readonly questions: TrackerQuestions;
  readonly errands: Errands;
  readonly scoreboard: Scoreboard;
  /** What start-up found in slots whose line in the trunk binlog may be missing. */
  readonly foundSlots: FoundSlots;
  readonly team: Pick<WorkerTeam, "trunkStarted" | "trunkFileReady" | "onTrunkFileWanted">;
  readonly log: Logger;
  publish(topic: NoticeTopic, text: string): void;
}
