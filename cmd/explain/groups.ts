// Findings on a group as a whole: can it be written and read, does it have room, do its servers fit together. Pure.

import { type Finding, finding } from "./finding.ts";
import { type GroupPicture, isActive, isTombstone, type Member } from "./picture.ts";
import { bytes, listing, plural } from "./words.ts";

const MIB = 1024 * 1024;
/** Less of the usable space free than this is told. */
const LOW_SHARE = 0.1;

export function groupFindings({ stat, members }: GroupPicture): Finding[] {
  const name = stat.groupName;
  const living = members.filter(({ info }) => !isTombstone(info.status));
  if (living.length === 0) {
    return [
      finding(
        "notice",
        `group ${name}`,
        `Group ${name} has no server.`,
        "",
        `If it is no longer needed: fdfs delete-group ${name}.`,
      ),
    ];
  }
  const found = [
    ...serviceFindings(name, stat, living),
    ...spaceFindings(name, living),
    ...versionFindings(name, living),
  ];
  return [...found, summary(name, living)];
}

function summary(name: string, living: readonly Member[]): Finding {
  const active = living.filter(isActive);
  const room = Math.min(...active.map(({ info }) => Math.max(0, info.freeMb - info.reservedMb)));
  const space = active.length === 0 ? "" : `; room for ${bytes(room * MIB)} more`;
  const how =
    active.length === living.length ? (living.length === 1 ? "ACTIVE" : "all ACTIVE") : `${active.length} ACTIVE`;
  return finding("ok", `group ${name}`, `Group ${name}: ${plural(living.length, "server")}, ${how}${space}.`);
}

function serviceFindings(
  name: string,
  { readableServerCount, writableServerCount }: GroupPicture["stat"],
  living: readonly Member[],
): Finding[] {
  if (readableServerCount > 0 && writableServerCount > 0) return [];
  const cannot =
    readableServerCount > 0
      ? "takes no uploads"
      : writableServerCount > 0
        ? "gives no files out"
        : "takes no uploads and gives no files out";
  const why = living.some(isActive)
    ? "Its ACTIVE servers do not allow it: rw in the tracker's storage_ids.conf."
    : "None of its servers is ACTIVE.";
  return [
    finding(
      "problem",
      `group ${name}`,
      `Group ${name} ${cannot}.`,
      why,
      "Bring a server back: see the findings on each.",
    ),
  ];
}

function spaceFindings(name: string, living: readonly Member[]): Finding[] {
  return living.filter(isActive).flatMap((member) => {
    const { totalMb, freeMb, reservedMb } = member.info;
    const usable = totalMb - reservedMb;
    const left = freeMb - reservedMb;
    if (totalMb === 0 || left > usable * LOW_SHARE) return [];
    const rest = `${bytes(freeMb * MIB)} free of ${bytes(totalMb * MIB)}, ${bytes(reservedMb * MIB)} of them reserved`;
    const remedy =
      "Delete files, add a disk (store_path), add a group, or lower reserved_storage_space in tracker.conf.";
    const subject = `storage ${member.name}`;
    return left <= 0
      ? [
          finding(
            "problem",
            subject,
            `Storage ${member.name} of ${name} is full: ${rest}.`,
            "The tracker sends no uploads to a group whose fullest server has only the reserve left.",
            remedy,
          ),
        ]
      : [
          finding(
            "notice",
            subject,
            `Storage ${member.name} of ${name} is nearly full: ${rest}.`,
            `When the reserve is reached ${name} takes no more uploads.`,
            remedy,
          ),
        ];
  });
}

function versionFindings(name: string, living: readonly Member[]): Finding[] {
  const byVersion = new Map<string, string[]>();
  for (const { info, name: member } of living) {
    if (info.version !== "") byVersion.set(info.version, [...(byVersion.get(info.version) ?? []), member]);
  }
  if (byVersion.size < 2) return [];
  const parts = [...byVersion].map(([version, names]) => `${version} (${listing(names)})`);
  return [
    finding(
      "notice",
      `group ${name}`,
      `The servers of ${name} have different versions: ${parts.join(", ")}.`,
      "Normal while a group is upgraded server by server.",
      "Bring all to the newer version.",
    ),
  ];
}
