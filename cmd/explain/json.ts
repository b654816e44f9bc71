// The findings and the facts of a file as one JSON document for programs. Data in, data out.

import { storageStatusName } from "../../core/wire/storage-status.ts";
import { type FileFacts, sourceOf } from "./file-facts.ts";
import { bySeverity, type Finding, verdictOf } from "./finding.ts";

/** `verdict` is the worst severity; times are Unix seconds, sizes bytes, checksums unsigned numbers. */
export function findingsJson(findings: readonly Finding[], file: FileFacts | null): object {
  return {
    verdict: verdictOf(findings),
    findings: bySeverity(findings),
    ...(file === null ? {} : { file: fileJson(file) }),
  };
}

function fileJson({ decoded, replicas, readers }: FileFacts): object {
  return {
    ...decoded,
    readers,
    replicas: replicas.map(({ member, file, content }) => ({
      id: member.info.id,
      ipAddress: member.info.ipAddress,
      port: member.info.storagePort,
      status: storageStatusName(member.info.status),
      isSource: sourceOf(decoded, [member]) !== null,
      file,
      content,
    })),
  };
}
