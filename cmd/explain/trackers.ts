// Findings on the trackers themselves: who answers, who leads, whether they agree on it. Pure.

import type { TrackerView } from "../../core/client/index.ts";
import { type Finding, finding } from "./finding.ts";
import { addressOf, type ClusterFacts } from "./picture.ts";
import { ended, listing, plural } from "./words.ts";

const nameOf = (view: TrackerView): string => `tracker ${addressOf(view.tracker)}`;

export function trackerFindings({ trackers }: ClusterFacts): Finding[] {
  const answering = trackers.filter(({ failure }) => failure === null);
  const found = trackers.filter(({ failure }) => failure !== null).map((view) => unreachable(view, answering.length));
  if (answering.length === 0) return found;
  found.push(...leadership(answering));
  return found;
}

function unreachable(view: TrackerView, othersAnswering: number): Finding {
  const others =
    othersAnswering === 0
      ? "No tracker answers, so nothing else can be found out; clients cannot upload or look for files."
      : `${plural(othersAnswering, "other tracker")} ${othersAnswering === 1 ? "does" : "do"} the work meanwhile.`;
  return finding(
    "problem",
    nameOf(view),
    `Tracker ${addressOf(view.tracker)} does not answer: ${ended(view.failure ?? "")}`,
    `Its process does not run, its machine is down, or the network in between is cut. ${others}`,
    "Start it (fdfs tracker --conf FILE start) or see its log, BASE_PATH/logs/trackerd.log; check the address and firewalls.",
  );
}

function leadership(answering: readonly TrackerView[]): Finding[] {
  const leaders = answering.filter(({ isLeader }) => isLeader);
  // Trackers before 6.15.5 do not name the leader; each still knows whether it is the one.
  const named = new Set(answering.flatMap((view) => view.leader ?? (view.isLeader ? addressOf(view.tracker) : [])));
  const subject = answering.length === 1 ? nameOf(answering[0]!) : "trackers";
  if (leaders.length > 1) {
    return [
      finding(
        "problem",
        subject,
        `${listing(leaders.map(({ tracker }) => addressOf(tracker)))} both claim to lead the trackers.`,
        "They have not heard of each other: the network between them is or was cut, or each stands in the configuration of only some of the storages.",
        "Check that the trackers reach each other and that tracker_server in every storage.conf lists all of them; ask again after 10 seconds, and restart one of them if it stays so.",
      ),
    ];
  }
  if (named.size > 1) {
    const views = answering.map((view) => `${addressOf(view.tracker)} follows ${view.leader ?? "nobody"}`);
    return [
      finding(
        "problem",
        subject,
        `The trackers disagree about their leader: ${listing(views)}.`,
        "An election is under way, or the trackers cannot reach each other.",
        "Ask again after 10 seconds; if it stays so check the network between the trackers.",
      ),
    ];
  }
  if (named.size === 0) return [noLeader(answering, subject)];
  const [leader = ""] = named;
  return agreement(answering, leader, subject);
}

function noLeader(answering: readonly TrackerView[], subject: string): Finding {
  const hasStorages = answering.some(({ groups }) => groups.some(({ storages }) => storages.length > 0));
  const isFresh = answering.every(({ runningTimeSeconds }) => (runningTimeSeconds ?? 0) === 0);
  return finding(
    isFresh ? "notice" : "problem",
    subject,
    answering.length === 1 ? "The tracker has no leader yet, not even itself." : "No tracker leads.",
    hasStorages
      ? "An election takes a few seconds after a start or after the leader went away. Without a leader uploads and downloads go on; new storages and trunk files wait."
      : "The first election takes place when the first storage has joined; none has.",
    hasStorages
      ? "Ask again after 10 seconds; if it stays so see the trackers' logs."
      : "Start a storage whose tracker_server names this tracker.",
  );
}

function agreement(answering: readonly TrackerView[], leader: string, subject: string): Finding[] {
  const found: Finding[] = [];
  const ignorant = answering.filter((view) => view.leader === null && !view.isLeader);
  if (ignorant.length > 0) {
    found.push(
      finding(
        "notice",
        subject,
        `${listing(ignorant.map(({ tracker }) => addressOf(tracker)))} ${ignorant.length === 1 ? "knows" : "know"} no leader; the others follow ${leader}.`,
        "Just started, or no storage has joined there yet.",
        "Ask again after 10 seconds.",
      ),
    );
  }
  const knows = answering.some(({ tracker }) => addressOf(tracker) === leader);
  const isLed = answering.some(({ isLeader }) => isLeader);
  if (!isLed) {
    found.push(
      finding(
        "notice",
        subject,
        knows
          ? `The trackers follow ${leader}, which does not claim to lead.`
          : `The trackers follow ${leader}, which was not asked.`,
        knows
          ? "An election is just under way."
          : "It does not answer, or it is not among the trackers this command was given, or is known there by another address.",
        "Ask again after 10 seconds with all trackers (client.conf, --tracker).",
      ),
    );
  }
  if (found.length > 0) return found;
  const what =
    answering.length === 1
      ? `Tracker ${addressOf(answering[0]!.tracker)} answers and leads.`
      : `${plural(answering.length, "tracker")} answer and agree that ${leader} leads.`;
  return [finding("ok", subject, what)];
}
