// A storage without ids that comes back under another address tells its trackers, so that they carry its record over
// (tracker.md §4.13, storage.md §7.1 step 6).

import { formatServerAddress, type StorageSettings } from "../../../conf/index.ts";
import { RemoteError } from "../../net/remote-error.ts";
import type { Logger } from "../../observe/logger.ts";
import { Status } from "../../wire/status.ts";
import { reportIpChanged } from "../../wire/tracker-report.ts";
import type { Identity } from "./identity.ts";
import { type InitFlag, writeInitFlag } from "./init-flag.ts";
import { type LinkOptions, TrackerLink } from "./tracker-link.ts";

/** Answers that mean the tracker needs nothing more. */
const SETTLED: readonly number[] = [Status.ENOENT, Status.EBUSY, Status.EEXIST, Status.EALREADY];

/** Reports a changed address to every tracker and remembers the new one. */
export async function reportChangedAddress(
  settings: StorageSettings,
  identity: Identity,
  initFlag: InitFlag,
  options: LinkOptions,
  log: Logger,
): Promise<void> {
  const [oldIp] = initFlag.lastIpAddress.split(",");
  const newIp = identity.addresses[0]!;
  if (oldIp === undefined || oldIp === "" || oldIp === newIp) return;
  log.notice(`the address of this storage has changed from ${oldIp} to ${newIp}`);
  for (const tracker of settings.trackerServers) {
    try {
      const link = await TrackerLink.open(tracker, options);
      await link.call(reportIpChanged, { groupName: identity.groupName, oldIp, newIp });
      await link.quit();
    } catch (error) {
      if (error instanceof RemoteError && error.answered && SETTLED.includes(error.status)) continue;
      log.error(`Cannot report the changed address to tracker ${formatServerAddress(tracker)}: ${String(error)}`);
    }
  }
  initFlag.lastIpAddress = identity.addresses.join(",");
  initFlag.lastServerPort = settings.port;
  writeInitFlag(settings.basePath, initFlag);
}
