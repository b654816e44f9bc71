// `fdfs explain`: why the cluster, a group, a server or a file is as it is, in sentences. This file asks and prints; what
// the facts mean is decided in explain/.

import type { FdfsClient } from "../core/client/index.ts";
import { FileNameError } from "../core/fileid/file-name-error.ts";
import { withClient } from "./cluster.ts";
import { coloursFor } from "./colour.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { clusterFindings, groupOverview, serverFindings } from "./explain/cluster.ts";
import { collectCluster, collectFile, withPaces } from "./explain/collect.ts";
import { fileFindings } from "./explain/file.ts";
import { type DecodedId, decodeId, type FileFacts } from "./explain/file-facts.ts";
import { type Finding, finding, verdictOf } from "./explain/finding.ts";
import { findingsJson } from "./explain/json.ts";
import type { Picture } from "./explain/picture.ts";
import { questionOf } from "./explain/question.ts";
import { fileText, findingsText, type SeverityStyle } from "./explain/text.ts";
import { trackerFindings } from "./explain/trackers.ts";
import { isSet } from "./options.ts";
import { writeJson } from "./print.ts";

/** Somebody waits: a server that takes longer is told to be away. */
const LIMITS = { connectMs: 3000, networkMs: 5000 };

/** Exit status 0: in order or only notices; 1: a problem. */
export async function run(context: CommandContext): Promise<number> {
  const { args, options } = context;
  if (args.length > 1) throw new UsageError("At most one group, server or file ID can be named");
  const [word = null] = args;
  if (word === "") throw new UsageError("The name is empty");
  const decoded = word?.includes("/") === true ? fileOf(word) : null;
  const verify = isSet(options, "verify");
  if (verify && decoded === null) throw new UsageError("Option --verify goes with a file ID");
  const answer = await withClient(
    context,
    (client) => (decoded === null ? explainServers(client, word) : explainFile(client, decoded, verify)),
    LIMITS,
  );
  await show(context, answer.findings, answer.file);
  return verdictOf(answer.findings) === "problem" ? 1 : 0;
}

function fileOf(id: string): DecodedId {
  try {
    return decodeId(id);
  } catch (error) {
    throw error instanceof FileNameError ? new UsageError(error.message) : error;
  }
}

interface Explanation {
  readonly findings: readonly Finding[];
  readonly file: FileFacts | null;
}

async function explainFile(client: FdfsClient, decoded: DecodedId, verify: boolean): Promise<Explanation> {
  const { picture, file } = await collectFile(client, decoded, verify);
  if (picture.authority === null) return { findings: trackerFindings(picture.facts), file: null };
  return { findings: [...fileFindings(file, picture), ...trackerFindings(picture.facts).filter(isProblem)], file };
}

async function explainServers(client: FdfsClient, word: string | null): Promise<Explanation> {
  const picture = await collectCluster(client);
  return { findings: await answer(client, word, picture), file: null };
}

const isProblem = ({ severity }: Finding): boolean => severity === "problem";

async function answer(client: FdfsClient, word: string | null, picture: Picture): Promise<Finding[]> {
  if (picture.authority === null) return trackerFindings(picture.facts);
  const question = questionOf(word, picture);
  switch (question.kind) {
    case "cluster":
      return clusterFindings(picture);
    case "group":
      return [...trackerFindings(picture.facts).filter(isProblem), ...groupOverview(question.group, picture)];
    case "tracker":
      return trackerFindings(picture.facts);
    case "servers": {
      const timed = await withPaces(client, picture, question.members);
      return questionOf(word, timed).kind === "servers"
        ? question.members.flatMap((one) => serverFindings(one, timed))
        : [];
    }
    case "unknown": {
      const trackers = trackerFindings(picture.facts).filter(isProblem);
      const known = question.known === "" ? "no group and no server" : question.known;
      return [
        ...trackers,
        finding(
          "problem",
          `name ${word}`,
          `Nothing is named ${word}.`,
          `The trackers know ${known}.`,
          "Give a group, a server's address or id, or a file ID.",
        ),
      ];
    }
  }
}

async function show(context: CommandContext, findings: readonly Finding[], file: FileFacts | null): Promise<void> {
  const { options, stdout } = context;
  if (isSet(options, "json")) {
    await writeJson(context, findingsJson(findings, file));
    return;
  }
  const text = findingsText(findings, styleFor(context), stdout.isTerminal ? stdout.columns : null);
  await stdout.write(`${file === null ? "" : fileText(file)}${text}`);
}

function styleFor(context: CommandContext): SeverityStyle {
  const colours = coloursFor(context.stdout, context.env);
  return (severity, word) =>
    severity === "ok" ? colours.good(word) : severity === "notice" ? colours.warning(word) : colours.bad(word);
}
