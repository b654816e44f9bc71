// Findings on one file: where it is, whether all copies are the same, and why a server does not have it. Pure.

import { StorageStatus, storageStatusName } from "../../core/wire/storage-status.ts";
import { contentFindings } from "./file-content.ts";
import { type FileFacts, type Replica, sourceOf, sourceText } from "./file-facts.ts";
import { type Finding, finding } from "./finding.ts";
import { absenceFinding } from "./missing-replica.ts";
import { isTombstone, type Picture } from "./picture.ts";
import { ended, hex8, listing, moment } from "./words.ts";

type Present = Replica & { readonly file: { readonly kind: "present" } };

const isPresent = (replica: Replica): replica is Present => replica.file.kind === "present";

export function fileFindings(file: FileFacts, picture: Picture): Finding[] {
  const group = picture.groups.find(({ stat }) => stat.groupName === file.decoded.groupName);
  if (group === undefined) return [unknownGroup(file, picture)];
  const present = file.replicas.filter(isPresent);
  if (present.length === 0) return [nowhere(file, picture), ...unreachable(file, false)];
  const model = modelOf(file, present);
  return [
    ...present.map((replica) => copyFinding(replica, model, file, picture)),
    ...file.replicas
      .filter((replica) => replica.file.kind === "absent")
      .map((replica) =>
        withReaders(absenceFinding(replica.member, model.member, model.file.modifiedAt, file, picture), replica, file),
      ),
    ...unreachable(file, true),
    ...contentFindings(file),
  ];
}

/** A tracker that takes the file for copied sends readers where it is not. */
function withReaders(found: Finding, { member }: Replica, { readers }: FileFacts): Finding {
  if (readers?.includes(member.info.ipAddress) !== true) return found;
  const served =
    member.answer?.kind === "report"
      ? "it fetches the file from another server for them (unless read_through = off)"
      : "they are told that there is no such file";
  return { ...found, what: `${found.what} The tracker sends readers to it, too: ${served}.` };
}

function unknownGroup({ decoded }: FileFacts, { groups, authority }: Picture): Finding {
  const known = groups.map(({ stat }) => stat.groupName);
  return finding(
    "problem",
    `file ${decoded.id}`,
    `The group ${decoded.groupName} is unknown.`,
    authority === null
      ? "No tracker answers."
      : `The tracker knows ${known.length === 0 ? "no group" : listing(known)}: the ID comes from another cluster, or the group was deleted.`,
    "Check the ID and the trackers this command was given.",
  );
}

/** The copy that the others are compared with: the source's, else the newest. */
function modelOf({ decoded }: FileFacts, present: readonly Present[]): Present {
  const source = sourceOf(
    decoded,
    present.map(({ member }) => member),
  );
  const own = present.find(({ member }) => member === source);
  if (own !== undefined) return own;
  return present.reduce((best, one) => (one.file.modifiedAt > best.file.modifiedAt ? one : best));
}

function nowhere({ decoded, replicas }: FileFacts, picture: Picture): Finding {
  const subject = `file ${decoded.id}`;
  const silent = replicas.filter(({ file }) => file.kind === "failed").map(({ member }) => member.name);
  if (silent.length > 0) {
    return finding(
      "problem",
      subject,
      silent.length === replicas.length
        ? "None of the group's servers could be asked for the file."
        : `No server that answers has the file; ${listing(silent)} could not be asked.`,
      "It may lie there and not have been copied yet, or have been deleted.",
      `Bring ${listing(silent)} back and ask again.`,
    );
  }
  const { now } = picture.facts;
  const source = sourceOf(
    decoded,
    replicas.map(({ member }) => member),
  );
  if (decoded.createdAt > now + 60) {
    return finding(
      "problem",
      subject,
      "No server has the file.",
      `It never existed here: its name says it was created ${moment(decoded.createdAt, now)}.`,
      "Check the ID.",
    );
  }
  if (source === null) {
    return finding(
      "problem",
      subject,
      "No server has the file.",
      `Its name says that ${sourceText(decoded)} created it, which is no server of ${decoded.groupName}: it comes from another cluster, or was lost or deleted with that server.`,
      "Check the ID.",
    );
  }
  return finding(
    "problem",
    subject,
    "No server has the file.",
    `All of ${decoded.groupName} answered. ${source.name}, which its name gives as its creator (${moment(decoded.createdAt, now)}), is a member and does not have it: it was deleted, or never existed under this ID.`,
    `The binlog on ${source.name} (data/sync/binlog.*) has a line "C" for a creation and "D" for a deletion: search it for ${decoded.truePath}.`,
  );
}

function copyFinding(replica: Present, model: Present, facts: FileFacts, picture: Picture): Finding {
  const { member, file } = replica;
  const subject = `storage ${member.name}`;
  const isSource = sourceOf(facts.decoded, [member]) !== null;
  const crc = facts.decoded.kind === "normal" ? "" : `, CRC ${hex8(file.crc32)}`;
  const has = `${member.name}${isSource ? ", the source," : ""} has it: ${file.size} bytes${crc}, of ${moment(file.modifiedAt, picture.facts.now)}`;
  const differences = differencesOf(replica, model, facts);
  if (differences.length > 0) {
    const status =
      member.info.status === StorageStatus.ACTIVE ? "" : ` This server is ${storageStatusName(member.info.status)}.`;
    return absenceLike(replica, model, facts, picture, `${has}; ${listing(differences)}.${status}`);
  }
  return finding("ok", subject, `${has}${replica === model ? "" : `; the same as on ${model.member.name}`}.`);
}

function differencesOf({ file }: Present, model: Present, { decoded }: FileFacts): string[] {
  const found: string[] = [];
  if (decoded.size !== null && file.size !== decoded.size) found.push(`its name says ${decoded.size} bytes`);
  if (file !== model.file) {
    const other = model.member.name;
    if (file.size !== model.file.size) found.push(`${other} has ${model.file.size} bytes`);
    else if (file.crc32 !== model.file.crc32) found.push(`${other} has CRC ${hex8(model.file.crc32)}`);
  }
  return found;
}

/** A copy that differs: an older state on its way to the new one, or damage. */
function absenceLike(replica: Present, model: Present, facts: FileFacts, picture: Picture, what: string): Finding {
  if (replica === model) {
    return finding(
      "problem",
      `storage ${replica.member.name}`,
      what,
      "A file that is no appender never changes: this copy is damaged.",
      `Compare with the other copies (--verify) and put a good one in the place of data/${facts.decoded.truePath}.`,
    );
  }
  const reason = absenceFinding(replica.member, model.member, model.file.modifiedAt, facts, picture);
  return { ...reason, what };
}

function unreachable({ replicas }: FileFacts, isElsewhere: boolean): Finding[] {
  return replicas.flatMap(({ member, file }) => {
    if (file.kind !== "failed" || isTombstone(member.info.status)) return [];
    return [
      finding(
        "problem",
        `storage ${member.name}`,
        `${member.name} cannot say whether it has the file: it is ${storageStatusName(member.info.status)}; ${ended(file.reason)}`,
        isElsewhere ? "Readers are served by the others." : "",
        `See fdfs explain ${member.info.ipAddress}.`,
      ),
    ];
  });
}
