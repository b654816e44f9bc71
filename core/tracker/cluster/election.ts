// Who of several trackers leads (tracker.md §7.3, §7.4): a state machine without clock, chance or sockets. Times are
// milliseconds of any clock that does not go backwards.
//
// How to drive it: `setContenders` whenever the list has grown; `tick` some times a second; `receive` for 66, 67 and 68,
// answering with the status it returns; `answered` for the answer to each request. Each returns what is to be done next,
// in order. Nothing is lost when an answer is: after `answerTimeoutMs` the machine gives it up by itself.
//
// The rules are C's (C: tracker_relationship.c), so that both can elect together, and these on top:
// - A leader asks the others every 5 s. If one that ranks higher claims to lead as well, it steps down and elects again;
//   one that ranks lower is told to (68). After a partition two leaders become one without waiting for a storage.
// - COMMIT goes to those that have agreed to NOTIFY. A refused COMMIT makes the new leader step down.
// - A tracker that does not answer is like one that cannot be reached; in C one that hangs stops the election. One that
//   answers NOTIFY with 2 knows no list yet, and hears of the leader when it has one.
// - An announced leader that is not committed is forgotten, so that no late COMMIT finds it.

import { Status } from "../../wire/status.ts";
import type { ElectionAction, ElectionAnswer, ElectionMessage, ElectionRequest } from "./election-messages.ts";
import { bestOf, type Contender, compareRanked, type Ranked, type Standing } from "./standing.ts";

export interface ElectionOptions {
  /** This tracker's times; whether it leads is filled in. */
  ownStanding(): Standing;
  /** 0 (inclusive) to 1 (exclusive). */
  random(): number;
  /** Longer than the carrier of requests waits for one. */
  readonly answerTimeoutMs: number;
}

const FIRST_ELECTION_MS = 1000;
const RETRY_MS = 1000;
const RETRY_RANDOM_MS = 10_000;
const POLL_MS = 5000;
const PING_MS = 1000;
const FIRST_PAUSE_MS = 2000;
const FAILURES_MAX = 3;
/** How many answers' time an announced leader is remembered: C notifies and commits one tracker after the other. */
const NEXT_LIFE_ANSWERS = 4;

type Phase = "ask" | "poll" | "notify" | "commit";

/** One question to all others. */
interface Round {
  readonly phase: Phase;
  readonly waiting: Map<number, Contender>;
  readonly deadline: number;
  readonly standings: Ranked[];
  readonly agreed: Contender[];
  isRefused: boolean;
}

export class Election {
  readonly #options: ElectionOptions;
  #contenders: readonly Contender[] = [];
  #own: Contender | null = null;
  #leader: string | null = null;
  #next: { readonly name: string; readonly until: number } | null = null;
  #changes = 0;
  #round: Round | null = null;
  /** When there is something to do by itself; null: as soon as the clock is known. */
  #wakeAt: number | null = null;
  /** As a follower: joined on the lasting connection, the request under way on it, failures in a row. */
  #isJoined = false;
  #call: { readonly id: number; readonly deadline: number } | null = null;
  #failures = 0;
  #lastId = 0;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** The name of the leader; null while none is known. */
  get leader(): string | null {
    return this.#leader;
  }

  get isLeader(): boolean {
    return this.#leader !== null && this.#leader === this.#own?.name;
  }

  /** Counts every time this tracker gains or loses the lead (C: g_tracker_leader_chg_count). */
  get changes(): number {
    return this.#changes;
  }

  /** The trackers there are; `own` is this one's name among them. */
  setContenders(contenders: readonly Contender[], own: string): void {
    this.#contenders = contenders;
    this.#own = contenders.find(({ name }) => name === own) ?? null;
  }

  tick(now: number): ElectionAction[] {
    if (this.#own === null) return [];
    this.#wakeAt ??= this.#contenders.length > 1 ? now + FIRST_ELECTION_MS : now;
    if (this.#next !== null && now > this.#next.until) this.#next = null;
    if (this.#call !== null && now > this.#call.deadline) return this.#called({ kind: "silent" }, now);
    if (this.#round !== null && now > this.#round.deadline) {
      this.#round.waiting.clear();
      return this.#finish(now);
    }
    if (this.#round !== null || this.#call !== null || now < this.#wakeAt) return [];
    if (this.#leader === null) return this.#begin("ask", this.#others(), now);
    return this.isLeader ? this.#begin("poll", this.#others(), now) : this.#callLeader(now);
  }

  /** The answer to a request; one that is not waited for any more is ignored. */
  answered(id: number, answer: ElectionAnswer, now: number): ElectionAction[] {
    if (this.#call?.id === id) return this.#called(answer, now);
    const round = this.#round;
    const contender = round?.waiting.get(id);
    if (round === null || contender === undefined) return [];
    round.waiting.delete(id);
    if (answer.kind === "standing") round.standings.push({ contender, standing: answer.standing });
    if (answer.kind === "done") round.agreed.push(contender);
    const isUninformed = round.phase === "notify" && answer.kind === "refused" && answer.status === Status.ENOENT;
    if (answer.kind === "refused" && !isUninformed) round.isRefused = true;
    return round.waiting.size === 0 ? this.#finish(now) : [];
  }

  /** 66, 67 or 68: the status to answer with, and what follows. */
  receive(message: ElectionMessage, now: number): { status: number; actions: ElectionAction[] } {
    const result = (status: number, actions: ElectionAction[] = []) => ({ status, actions });
    if (message.kind === "reselect") {
      return this.isLeader ? result(Status.OK, this.#drop(now + RETRY_MS)) : result(Status.EOPNOTSUPP);
    }
    if (message.kind === "notify") {
      if (this.isLeader && message.leader !== this.#leader)
        return result(Status.EINVAL, this.#drop(now + this.#pause()));
      this.#next = { name: message.leader, until: now + NEXT_LIFE_ANSWERS * this.#options.answerTimeoutMs };
      return result(Status.OK);
    }
    if (this.#next === null || now > this.#next.until || this.#next.name !== message.leader)
      return result(Status.EINVAL);
    return result(Status.OK, this.#follow(message.leader, now));
  }

  // ---- rounds ----

  #begin(phase: Phase, to: readonly Contender[], now: number): ElectionAction[] {
    const waiting = new Map(to.map((contender) => [++this.#lastId, contender]));
    const deadline = now + this.#options.answerTimeoutMs;
    this.#round = { phase, waiting, deadline, standings: [], agreed: [], isRefused: false };
    if (waiting.size === 0) return this.#finish(now);
    const kind = phase === "notify" || phase === "commit" ? phase : "status";
    const leader = this.#own?.name ?? "";
    return [...waiting].map(([id, { name }]) => ({ kind, id, to: name, leader }) satisfies ElectionRequest);
  }

  #finish(now: number): ElectionAction[] {
    const round = this.#round;
    this.#round = null;
    if (round === null) return [];
    if (round.phase === "ask") return this.#judge(round.standings, now);
    if (round.phase === "poll") return this.#fence(round.standings, now);
    if (round.phase === "notify") return this.#notified(round, now);
    this.#wakeAt = now + POLL_MS;
    return round.isRefused ? this.#drop(now + this.#pause()) : [];
  }

  #judge(standings: readonly Ranked[], now: number): ElectionAction[] {
    const own = this.#ranked();
    const best = bestOf([own, ...standings])!;
    if (best.contender.name === own.contender.name) {
      this.#next = { name: own.contender.name, until: Number.POSITIVE_INFINITY };
      return this.#begin("notify", this.#others(), now);
    }
    if (best.standing.isLeader) return this.#follow(best.contender.name, now);
    this.#wakeAt = now + this.#pause();
    return [];
  }

  #notified(round: Round, now: number): ElectionAction[] {
    // Another one may have announced itself meanwhile.
    if (round.isRefused || this.#next?.name !== this.#own?.name) {
      if (this.#next?.name === this.#own?.name) this.#next = null;
      this.#wakeAt = now + this.#pause();
      return [];
    }
    this.#lead(now);
    return this.#begin("commit", round.agreed, now);
  }

  #fence(standings: readonly Ranked[], now: number): ElectionAction[] {
    this.#wakeAt = now + POLL_MS;
    const own = this.#ranked();
    const rivals = standings.filter(({ standing }) => standing.isLeader);
    if (rivals.some((rival) => compareRanked(rival, own) > 0)) return this.#drop(now);
    return rivals.map(({ contender }) => ({
      kind: "reselect",
      id: ++this.#lastId,
      to: contender.name,
      leader: own.contender.name,
    }));
  }

  // ---- who leads ----

  #lead(now: number): void {
    this.#leader = this.#own?.name ?? null;
    this.#changes++;
    this.#next = null;
    this.#call = null;
    this.#wakeAt = now + POLL_MS;
  }

  #follow(name: string, now: number): ElectionAction[] {
    this.#next = null;
    if (name === this.#leader) return [];
    const dropped = this.#drop(now);
    if (name === this.#own?.name) this.#lead(now);
    else this.#leader = name;
    return dropped;
  }

  /** Nobody leads any more; the next election is at `wakeAt`. */
  #drop(wakeAt: number): ElectionAction[] {
    const wasFollower = this.#leader !== null && !this.isLeader;
    if (this.isLeader) this.#changes++;
    this.#leader = null;
    this.#round = null;
    this.#call = null;
    this.#isJoined = false;
    this.#failures = 0;
    this.#wakeAt = wakeAt;
    return wasFollower ? [{ kind: "hangUp" }] : [];
  }

  // ---- following ----

  #callLeader(now: number): ElectionAction[] {
    const id = ++this.#lastId;
    this.#call = { id, deadline: now + this.#options.answerTimeoutMs };
    this.#wakeAt = now + PING_MS;
    return [{ kind: this.#isJoined ? "ping" : "join", id, to: this.#leader ?? "", leader: "" }];
  }

  #called(answer: ElectionAnswer, now: number): ElectionAction[] {
    this.#call = null;
    if (answer.kind === "done") {
      // C pings right after it has joined.
      if (!this.#isJoined) this.#wakeAt = now;
      else this.#failures = 0;
      this.#isJoined = true;
      return [];
    }
    this.#isJoined = false;
    this.#failures++;
    if (this.#failures >= FAILURES_MAX) return this.#drop(now);
    this.#wakeAt = now + FIRST_PAUSE_MS * 2 ** (this.#failures - 1);
    return [{ kind: "hangUp" }];
  }

  // ---- small things ----

  #others(): Contender[] {
    return this.#contenders.filter(({ name }) => name !== this.#own?.name);
  }

  #ranked(): Ranked {
    const contender = this.#own;
    if (contender === null) throw new Error("an election needs this tracker in the list");
    return { contender, standing: { ...this.#options.ownStanding(), isLeader: this.isLeader } };
  }

  #pause(): number {
    return RETRY_MS + this.#options.random() * RETRY_RANDOM_MS;
  }
}
