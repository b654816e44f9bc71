// Which findings belong to a question: the whole cluster, one group, one server, one tracker. Pure.

import { copyingFindings, trackerTimesFindings } from "./copying.ts";
import { type Finding, finding } from "./finding.ts";
import { groupFindings } from "./groups.ts";
import { type GroupPicture, isActive, type Member, type Picture } from "./picture.ts";
import { statusFindings } from "./server-status.ts";
import { trackerFindings } from "./trackers.ts";

export function clusterFindings(picture: Picture): Finding[] {
  const found = trackerFindings(picture.facts);
  if (picture.authority !== null && picture.groups.length === 0) {
    found.push(
      finding(
        "notice",
        "cluster",
        "No storage has joined yet.",
        "",
        "Start a storage whose tracker_server names the trackers.",
      ),
    );
  }
  return [...found, ...picture.groups.flatMap((group) => groupOverview(group, picture))];
}

/** A group, with a word on each of its servers only where there is something to say. */
export function groupOverview(group: GroupPicture, picture: Picture): Finding[] {
  const { members, stat } = group;
  const times = trackerTimesFindings(members, picture);
  const each = [
    ...members.flatMap((member) => statusFindings(member, members, picture)),
    ...members.flatMap((member) => copyingFindings(member, members, picture)),
    ...times,
  ];
  const told = each.filter(({ severity }) => severity !== "ok");
  const copied = told.length > 0 ? [] : times.length > 0 ? times : copiedSummary(stat.groupName, members);
  return [...groupFindings(group), ...told, ...copied];
}

/** One sentence in place of one for each pair of servers. */
function copiedSummary(name: string, members: readonly Member[]): Finding[] {
  const active = members.filter(isActive);
  if (active.length < 2 || !active.every(({ answer }) => answer?.kind === "report")) return [];
  return [finding("ok", `group ${name}`, `Every server of ${name} has what the others wrote.`)];
}

/** One server: its status, what it owes and what is owed to it. */
export function serverFindings(member: Member, picture: Picture): Finding[] {
  const group = picture.groups.find(({ stat }) => stat.groupName === member.groupName);
  const members = group?.members ?? [];
  const about = ({ subject }: Finding): boolean => subject === `storage ${member.name}`;
  const toIt = ({ subject }: Finding): boolean => subject.endsWith(` to ${member.name}`);
  const others = members.filter((other) => other !== member);
  return [
    ...trackerFindings(picture.facts).filter(({ severity }) => severity === "problem"),
    ...statusFindings(member, members, picture),
    ...(group === undefined ? [] : groupFindings(group)).filter(about),
    ...copyingFindings(member, members, picture),
    ...others.flatMap((other) => copyingFindings(other, members, picture)).filter(toIt),
    ...trackerTimesFindings(members, picture).filter((one) => member.answer?.kind === "silent" || about(one)),
  ];
}
