// What the audit of trunk files found, in sentences: what it is, why it is so, what to do. Data in, text out.

import type { AuditReport, FindingClass } from "../../core/storage/trunk/audit/audit.ts";
import type { FindingKind, Finding as Place } from "../../core/storage/trunk/audit/finding.ts";
import { trunkTruePath } from "../../core/storage/trunk/trunk-file.ts";
import { type Finding, finding, type Severity } from "../explain/finding.ts";
import { bytes, plural } from "../explain/words.ts";
import type { StoragePlace } from "./place.ts";

const EXAMPLES_SHOWN = 3;
const REPAIR = "fdfs trunk repair --conf";

interface Words {
  readonly what: (count: number) => string;
  readonly why: string;
  readonly remedy: (conf: string) => string;
}

const files = (count: number): string => plural(count, "file");
const are = (count: number): string => (count === 1 ? "is" : "are");
const stretches = (count: number): string => `${count} stretch${count === 1 ? "" : "es"}`;
const have = (count: number): string => (count === 1 ? "has" : "have");

const words: Readonly<Record<FindingKind, Words>> = {
  overlap: {
    what: (count) => `${plural(count, "time")} two files share bytes`,
    why: "Two trunk servers handed out the same space, as C storages can when the role moves: the later file was written over the earlier one.",
    remedy: () =>
      "Of two the one whose content is damaged is lost here. fdfs explain ID --verify tells whether another storage has it whole: download it from there, store it anew, delete the damaged one.",
  },
  "used-free": {
    what: (count) => `${files(count)} ${are(count)} in space that the map calls free`,
    why: "The trunk binlog does not say that the space was taken: the trunk server was killed before it wrote that down, a C trunk server merged free space without a line, or lines are lost.",
    remedy: (conf) =>
      `Stop the storage, run ${REPAIR} ${conf}, start it: else an upload may be written there by a C storage.`,
  },
  missing: {
    what: (count) => `${files(count)} ${have(count)} a name that lives and ${are(count)} not there`,
    why: "The data binlog records them and no deletion, and their slots do not hold them.",
    remedy: () =>
      "fdfs explain ID tells which storages have one. A trunk file that is gone as a whole comes back with its store path: empty that, and the storage recovers it from another one at its next start. What no storage has is lost: delete it.",
  },
  damaged: {
    what: (count) => `${files(count)} ${have(count)} other content than the header says`,
    why: "The checksum is wrong: something was written over the file, or the disk lost a write.",
    remedy: () =>
      "fdfs explain ID --verify tells which storage has it whole: download it from there, store it anew, delete this one.",
  },
  unreadable: {
    what: (count) => `${plural(count, "trunk file")} cannot be read`,
    why: "The system refuses to read: see below, and the kernel's log.",
    remedy: () =>
      "If the disk fails, replace it: a storage whose store path comes back empty is rebuilt from another one.",
  },
  lost: {
    what: (count) => `${stretches(count)} of space ${are(count)} neither free nor in use`,
    why: "A storage was killed between the allocation of a slot and the file, a deletion was not told to the trunk server, or it was refused. No file is in danger; the space is not used again.",
    remedy: (conf) => `When it becomes much: stop the storage, run ${REPAIR} ${conf}, start it.`,
  },
  junk: {
    what: (count) => `${stretches(count)} of bytes belong${count === 1 ? "s" : ""} to no file`,
    why: "A deletion or an upload was cut off before its end, or somebody else wrote into the file.",
    remedy: (conf) =>
      `Stop the storage, run ${REPAIR} ${conf}: it fills with zeros what lies in no file's place. Until then no file is stored there.`,
  },
  deleted: {
    what: (count) => `${files(count)} ${are(count)} still there though the data binlog says deleted`,
    why: "The deletion was cut off, or came again from another storage after it was recorded.",
    remedy: () => "Delete once more, with fdfs delete; where the name is not known any more the space stays in use.",
  },
  unrecorded: {
    what: (count) => `${files(count)} ${are(count)} there that the data binlog does not name`,
    why: "They came before the binlog begins, with a recovery of the disk, or their record was lost in a crash of a C storage. Their whole names cannot be told from the trunk file.",
    remedy: () => "Nothing: they can be read by their names. fdfs explain ID tells whether other storages have one.",
  },
};

/** What was found of one kind, with the first places. */
export interface CheckFinding extends Finding {
  /** A line each. */
  readonly examples: readonly string[];
}

/** One finding for each class, and one when all is well. */
export function checkFindings(report: AuditReport, place: StoragePlace): CheckFinding[] {
  const plain = (severity: Severity, text: string): CheckFinding => ({
    ...finding(severity, subjectOf(place), text),
    examples: [],
  });
  const found = report.classes.map((one) => classFinding(one, place));
  const limits = limitsOf(report).map((text) => plain("notice", text));
  return [...found, ...(found.length === 0 ? [plain("ok", okText(report))] : []), ...limits];
}

function classFinding(
  { kind, severity, count, bytes: total, examples }: FindingClass,
  place: StoragePlace,
): CheckFinding {
  const { what, why, remedy } = words[kind];
  const shown = examples.slice(0, EXAMPLES_SHOWN).map((one) => exampleText(one, place.settings.groupName));
  const more = count > shown.length ? ["..."] : [];
  const sentence = `${what(count)}${total > 0 ? ` (${bytes(total)})` : ""}.`;
  const [reason, deed] = severity === "notice" && kind !== "unrecorded" ? copyWords(place) : [why, remedy(place.conf)];
  return { ...finding(severity, subjectOf(place), sentence, reason, deed), examples: [...shown, ...more] };
}

/** Where the map is not the one that space is handed out by. */
function copyWords({ server, running }: StoragePlace): [why: string, remedy: string] {
  const whose = server === "" ? "another storage" : server;
  const age = running === null ? "as it was when this storage ended" : "and runs after it";
  return [
    `The map here is a copy of that of the trunk server, ${whose}, ${age}; no space is handed out by it.`,
    "Nothing here: check the trunk server.",
  ];
}

const subjectOf = ({ settings }: StoragePlace): string => `storage ${settings.basePath}`;

/** `M00/00/00/000001 at 512 (256 bytes): name, detail` */
function exampleText({ place, offset, size, name, detail }: Place, groupName: string): string {
  const parts = [name === "" ? "" : `${groupName}/${name}`, detail].filter((part) => part !== "");
  const path = `M${place.storePathIndex.toString(16).toUpperCase().padStart(2, "0")}/${trunkTruePath(place)}`;
  return `${path} at ${offset} (${plural(size, "byte")})${parts.length === 0 ? "" : `: ${parts.join(", ")}`}`;
}

function okText({ totals }: AuditReport): string {
  if (totals.trunkFiles === 0 && totals.liveNames === 0) return "There are no trunk files.";
  return "Files, free space and data binlog agree; every content has its checksum.";
}

/** What could not be compared, and why. */
function limitsOf({ map, missingBinlogs, hasBinlog, totals }: AuditReport): string[] {
  const { counts } = map;
  const oddities = [
    ...(counts.skipped > 0 ? [`${plural(counts.skipped, "line")} cannot be read`] : []),
    ...(counts.overlapping > 0 ? [`${plural(counts.overlapping, "block")} would be free twice`] : []),
  ];
  return [
    ...(map.isInCompaction
      ? [
          "The trunk binlog is being compacted, or that was cut off: the free space was not compared. Start the storage, or wait, and check again.",
        ]
      : []),
    ...(oddities.length > 0
      ? [`In the trunk binlog ${oddities.join(", ")}; a storage leaves them out when it loads its map.`]
      : []),
    ...(map.tornBytes > 0
      ? [`The trunk binlog ends with ${plural(map.tornBytes, "byte")} of a line without its end.`]
      : []),
    ...(map.snapshotTrouble === ""
      ? []
      : [`The snapshot of the free space was not used as it is: ${map.snapshotTrouble}.`]),
    ...(hasBinlog || totals.trunkFiles === 0
      ? []
      : ["There is no data binlog: which files should be there is not known, and was not compared."]),
    ...(missingBinlogs.length > 0
      ? [
          `The data binlog lacks ${plural(missingBinlogs.length, "file")} (binlog.${String(missingBinlogs[0]).padStart(3, "0")}${missingBinlogs.length > 1 ? " ..." : ""}): files that were recorded there are not known, and were not compared.`,
        ]
      : []),
    ...(totals.pending > 0
      ? [
          `${plural(totals.pending, "change")} ${totals.pending === 1 ? "was" : "were"} under way when the storage was killed; its next start brings them in order.`,
        ]
      : []),
    ...(totals.strays > 0
      ? [
          `${plural(totals.strays, "file")} ${totals.strays === 1 ? "lies" : "lie"} beside the trunk files because another file has the slot; they move into it when it becomes free.`,
        ]
      : []),
  ];
}
