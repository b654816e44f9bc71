// The election of the leading tracker (tracker.md §7.3, §7.4) without clock, chance or sockets: rankings, refusals, fencing,
// followers; and small seeded clusters of it with lost and late messages.

import { describe, expect, test } from "bun:test";
import { Election } from "../../../../../core/tracker/cluster/election.ts";
import type {
  ElectionAction,
  ElectionAnswer,
  ElectionRequest,
} from "../../../../../core/tracker/cluster/election-messages.ts";
import { bestOf, type Contender, type Standing, standingOf } from "../../../../../core/tracker/cluster/standing.ts";

const PORT = 22122;
const named = (ip: string): Contender => ({ name: `${ip}:${PORT}`, ip, port: PORT });
const A = named("10.0.0.1");
const B = named("10.0.0.2");
const C = named("10.0.0.3");
const NEW: Standing = { isLeader: false, runningTimeSeconds: 0, restartIntervalSeconds: 0 };
const LEADS: Standing = { ...NEW, isLeader: true };
const DONE: ElectionAnswer = { kind: "done" };
const SILENT: ElectionAnswer = { kind: "silent" };
const refused = (status: number): ElectionAnswer => ({ kind: "refused", status });
const standing = (value: Standing): ElectionAnswer => ({ kind: "standing", standing: value });

function election(own: Contender, all: readonly Contender[], ownStanding: Standing = NEW, random = 0): Election {
  const made = new Election({ ownStanding: () => ownStanding, random: () => random, answerTimeoutMs: 5000 });
  made.setContenders(all, own.name);
  return made;
}

const brief = (actions: readonly ElectionAction[]): string =>
  actions.map((action) => (action.kind === "hangUp" ? "hangUp" : `${action.kind} ${action.to}`)).join(", ");
const requests = (actions: readonly ElectionAction[]): ElectionRequest[] =>
  actions.filter((action) => action.kind !== "hangUp");

/** Answers every request in order; the actions after the last one. */
function answer(machine: Election, actions: readonly ElectionAction[], answers: ElectionAnswer[], now: number) {
  const asked = requests(actions);
  expect(asked.length).toBe(answers.length);
  return asked.flatMap((request, index) => machine.answered(request.id, answers[index]!, now));
}

/** The first question of an election. */
function asking(machine: Election, at = 0): ElectionAction[] {
  expect(machine.tick(at)).toEqual([]);
  return machine.tick(at + 1000);
}

/** A machine that leads B and C from 1000 ms on. */
function leader(): Election {
  const machine = election(A, [A, B, C]);
  const notify = answer(machine, asking(machine), [SILENT, SILENT], 1000);
  const commit = answer(machine, notify, [DONE, DONE], 1000);
  expect(answer(machine, commit, [DONE, DONE], 1000)).toEqual([]);
  expect(machine.isLeader).toBe(true);
  return machine;
}

/** A machine that follows B from 1000 ms on and is to join it. */
function follower(): Election {
  const machine = election(A, [A, B, C]);
  answer(machine, asking(machine), [standing(LEADS), standing(NEW)], 1000);
  expect(machine.leader).toBe(B.name);
  return machine;
}

describe("the ranking", () => {
  const of = (isLeader: boolean, runningTimeSeconds: number, restartIntervalSeconds: number): Standing => ({
    isLeader,
    runningTimeSeconds,
    restartIntervalSeconds,
  });
  const rows: [why: string, a: Standing, b: Standing, winner: Contender][] = [
    ["a leader stays one, whatever the times", of(true, 0, 900), of(false, 9000, 0), A],
    ["the longest running one", of(false, 600, 0), of(false, 300, 0), A],
    ["then the one that was away for the shortest time", of(false, 300, 300), of(false, 300, 600), A],
    ["then the larger address", NEW, NEW, B],
  ];
  for (const [why, a, b, winner] of rows) {
    test(why, () => {
      const ranked = [
        { contender: A, standing: a },
        { contender: B, standing: b },
      ];
      expect(bestOf(ranked)?.contender).toBe(winner);
      expect(bestOf(ranked.reverse())?.contender).toBe(winner);
    });
  }

  test("addresses compare as text, ports as numbers", () => {
    const list = [named("10.0.0.9"), named("10.0.0.10"), { ...named("10.0.0.9"), port: 3000 }];
    expect(bestOf(list.map((contender) => ({ contender, standing: NEW })))?.contender).toBe(list[0]!);
    expect(bestOf([])).toBeUndefined();
  });

  test("times are whole multiples of 300 seconds; a first start has no gap", () => {
    expect(standingOf(1000, 0, 1599, true)).toEqual(of(true, 300, 0));
    expect(standingOf(1000, 100, 1899, false)).toEqual(of(false, 600, 900));
  });
});

describe("an election", () => {
  test("nobody is asked before there is a list; one alone leads at once", () => {
    const machine = new Election({ ownStanding: () => NEW, random: () => 0, answerTimeoutMs: 5000 });
    expect([machine.tick(0), machine.tick(9000), machine.leader]).toEqual([[], [], null]);
    machine.setContenders([A], A.name);
    expect(machine.tick(9000)).toEqual([]);
    expect([machine.isLeader, machine.changes]).toEqual([true, 1]);
  });

  test("the winner notifies all others, then commits those that agreed", () => {
    const machine = election(C, [A, B, C]);
    const ask = asking(machine);
    expect(brief(ask)).toBe(`status ${A.name}, status ${B.name}`);
    const notify = answer(machine, ask, [standing(NEW), standing(NEW)], 1010);
    expect(brief(notify)).toBe(`notify ${A.name}, notify ${B.name}`);
    expect(requests(notify).every(({ leader: told }) => told === C.name)).toBe(true);
    expect(machine.leader).toBeNull();
    const commit = answer(machine, notify, [DONE, SILENT], 1020);
    expect(brief(commit)).toBe(`commit ${A.name}`);
    expect(answer(machine, commit, [DONE], 1030)).toEqual([]);
    expect([machine.isLeader, machine.changes]).toEqual([true, 1]);
  });

  test("others that cannot be reached, know no groups (2) or no list (2) do not count", () => {
    const machine = election(A, [A, B, C]);
    const notify = answer(machine, asking(machine), [SILENT, refused(2)], 1000);
    const commit = answer(machine, notify, [SILENT, refused(2)], 1000);
    expect([commit, machine.isLeader]).toEqual([[], true]);
  });

  test("one that hangs is given up", () => {
    const machine = election(A, [A, B]);
    expect(brief(asking(machine))).toBe(`status ${B.name}`);
    expect(machine.tick(6000)).toEqual([]);
    expect(brief(machine.tick(6001))).toBe(`notify ${B.name}`);
    expect(machine.tick(11_002)).toEqual([]);
    expect(machine.isLeader).toBe(true);
  });

  for (const status of [5, 22, 95]) {
    test(`a NOTIFY refused with ${status} ends it; it is repeated after 1 to 11 s`, () => {
      for (const [random, again] of [
        [0, 2000],
        [0.5, 7000],
      ] as const) {
        const machine = election(C, [A, C], NEW, random);
        const notify = answer(machine, asking(machine), [standing(NEW)], 1000);
        expect(answer(machine, notify, [refused(status)], 1000)).toEqual([]);
        expect(machine.leader).toBeNull();
        expect(machine.tick(again - 1)).toEqual([]);
        expect(brief(machine.tick(again))).toBe(`status ${A.name}`);
      }
    });
  }

  test("a COMMIT refused makes the leader step down", () => {
    const machine = election(C, [A, C]);
    const notify = answer(machine, asking(machine), [standing(NEW)], 1000);
    const commit = answer(machine, notify, [DONE], 1000);
    expect(machine.isLeader).toBe(true);
    answer(machine, commit, [refused(22)], 1000);
    expect([machine.leader, machine.changes]).toEqual([null, 2]);
  });

  test("another one that announces itself meanwhile ends it", () => {
    const machine = election(C, [A, B, C]);
    const notify = answer(machine, asking(machine), [standing(NEW), standing(NEW)], 1000);
    expect(machine.receive({ kind: "notify", leader: B.name }, 1000).status).toBe(0);
    expect(answer(machine, notify, [DONE, DONE], 1000)).toEqual([]);
    expect(machine.leader).toBeNull();
    expect(machine.receive({ kind: "commit", leader: B.name }, 1000).status).toBe(0);
    expect(machine.leader).toBe(B.name);
  });

  test("who loses adopts one that leads and waits for one that does not", () => {
    expect(follower().changes).toBe(0);
    const machine = election(A, [A, B], NEW, 0.2);
    answer(machine, asking(machine), [standing(NEW)], 1000);
    expect([machine.leader, machine.tick(3999), brief(machine.tick(4000))]).toEqual([null, [], `status ${B.name}`]);
  });
});

describe("messages of others", () => {
  const commit = (machine: Election, who: Contender, now: number): number =>
    machine.receive({ kind: "commit", leader: who.name }, now).status;
  const notify = (machine: Election, who: Contender, now: number): number =>
    machine.receive({ kind: "notify", leader: who.name }, now).status;

  test("only who was announced last, and not too long ago, can be committed, once", () => {
    const machine = election(A, [A, B, C]);
    expect(commit(machine, B, 0)).toBe(22);
    expect([notify(machine, B, 0), notify(machine, C, 0), commit(machine, B, 0)]).toEqual([0, 0, 22]);
    expect([commit(machine, C, 20_000), machine.leader]).toEqual([0, C.name]);
    expect(commit(machine, C, 20_000)).toBe(22);
    expect([notify(machine, B, 30_000), commit(machine, B, 50_001), machine.leader]).toEqual([0, 22, C.name]);
  });

  test("a leader that hears of another one gives up and refuses with 22", () => {
    const machine = leader();
    expect(notify(machine, A, 1000)).toBe(0);
    expect(notify(machine, B, 1000)).toBe(22);
    expect([machine.leader, machine.changes, commit(machine, B, 1000)]).toEqual([null, 2, 22]);
    expect(brief(machine.tick(2000))).toBe(`status ${B.name}, status ${C.name}`);
  });

  test("RESELECT makes a leader give up; others refuse with 95", () => {
    const machine = leader();
    expect(machine.receive({ kind: "reselect" }, 1500).status).toBe(0);
    expect([machine.leader, machine.changes]).toEqual([null, 2]);
    expect(machine.receive({ kind: "reselect" }, 1500).status).toBe(95);
    expect(brief(machine.tick(2500))).toBe(`status ${B.name}, status ${C.name}`);
  });

  test("a late answer of an election that is over changes nothing", () => {
    const machine = election(A, [A, B, C]);
    const ask = asking(machine);
    notify(machine, B, 1100);
    commit(machine, B, 1100);
    expect(answer(machine, ask, [standing(LEADS), standing(LEADS)], 1200)).toEqual([]);
    expect(machine.leader).toBe(B.name);
  });
});

describe("fencing", () => {
  test("a leader asks the others every 5 s and steps down for one that leads and ranks higher", () => {
    const machine = leader();
    expect(machine.tick(5999)).toEqual([]);
    const poll = machine.tick(6000);
    expect(brief(poll)).toBe(`status ${B.name}, status ${C.name}`);
    expect(answer(machine, poll, [standing(NEW), SILENT], 6000)).toEqual([]);
    const again = machine.tick(11_000);
    answer(machine, again, [standing(LEADS), SILENT], 11_000);
    expect([machine.leader, machine.changes]).toEqual([null, 2]);
    const ask = machine.tick(11_000);
    answer(machine, ask, [standing(LEADS), SILENT], 11_000);
    expect(machine.leader).toBe(B.name);
  });

  test("one that ranks lower is told to give up", () => {
    const machine = election(C, [A, C]);
    const notify = answer(machine, asking(machine), [SILENT], 1000);
    answer(machine, notify, [SILENT], 1000);
    const poll = machine.tick(6000);
    expect(brief(answer(machine, poll, [standing(LEADS)], 6000))).toBe(`reselect ${A.name}`);
    expect([machine.isLeader, machine.changes]).toEqual([true, 1]);
  });
});

describe("a follower", () => {
  test("joins once and pings every second", () => {
    const machine = follower();
    const join = machine.tick(1000);
    expect(brief(join)).toBe(`join ${B.name}`);
    expect(answer(machine, join, [DONE], 1001)).toEqual([]);
    const ping = machine.tick(1200);
    expect(brief(ping)).toBe(`ping ${B.name}`);
    answer(machine, ping, [DONE], 1201);
    expect([machine.tick(2199), brief(machine.tick(2200))]).toEqual([[], `ping ${B.name}`]);
  });

  test("pauses 2 s and 4 s after failures; the third in a row is a new election", () => {
    const machine = follower();
    for (const [at, again] of [
      [1000, 3000],
      [3000, 7000],
    ] as const) {
      const join = machine.tick(at);
      expect(brief(answer(machine, join, [at === 1000 ? SILENT : refused(95)], at))).toBe("hangUp");
      expect(machine.tick(again - 1)).toEqual([]);
    }
    expect(brief(answer(machine, machine.tick(7000), [SILENT], 7000))).toBe("hangUp");
    expect([machine.leader, machine.changes]).toEqual([null, 0]);
    expect(brief(machine.tick(7000))).toBe(`status ${B.name}, status ${C.name}`);
  });

  test("a ping that succeeds forgives earlier failures; one without an answer is a failure", () => {
    const machine = follower();
    answer(machine, machine.tick(1000), [SILENT], 1000);
    answer(machine, machine.tick(3000), [DONE], 3000);
    answer(machine, machine.tick(3000), [DONE], 3000);
    expect(brief(machine.tick(4000))).toBe(`ping ${B.name}`);
    expect(brief(machine.tick(9001))).toBe("hangUp");
    expect([machine.leader, brief(machine.tick(11_001))]).toEqual([B.name, `join ${B.name}`]);
  });

  test("changes over to a leader that is committed", () => {
    const machine = follower();
    answer(machine, machine.tick(1000), [DONE], 1000);
    machine.receive({ kind: "notify", leader: C.name }, 1000);
    expect(brief(machine.receive({ kind: "commit", leader: C.name }, 1000).actions)).toBe("hangUp");
    expect(brief(machine.tick(1000))).toBe(`join ${C.name}`);
  });
});

describe("clusters with lost and late messages", () => {
  /** The same numbers for the same seed (mulberry32). */
  function generator(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  /** Runs three trackers for a while through a bad network, then through a good one; who leads at the end, for each. */
  function run(seed: number): (string | null)[] {
    const random = generator(seed);
    const all = [A, B, C];
    const machines = new Map(all.map((who) => [who.name, election(who, all, NEW)]));
    const events: { at: number; happen: (now: number) => void }[] = [];
    const BAD_MS = 60_000;
    const END_MS = 150_000;
    const later = (now: number, happen: (now: number) => void): void => {
      const isBad = now < BAD_MS;
      if (isBad && random() < 0.3) return;
      events.push({ at: now + 1 + random() * (isBad ? 8000 : 20), happen });
      if (isBad && random() < 0.2) events.push({ at: now + random() * 20_000, happen });
    };
    const carry = (from: string, actions: readonly ElectionAction[], now: number): void => {
      for (const request of requests(actions)) {
        later(now, (arrival) => {
          const machine = machines.get(request.to)!;
          const given = reply(request, machine, arrival);
          later(arrival, (at) => carry(from, machines.get(from)!.answered(request.id, given, at), at));
        });
      }
    };
    const reply = ({ kind, leader: who, to }: ElectionRequest, machine: Election, now: number): ElectionAnswer => {
      if (kind === "status") return standing({ ...NEW, isLeader: machine.isLeader });
      if (kind === "join" || kind === "ping") return machine.isLeader ? DONE : refused(95);
      const { status, actions } = machine.receive(kind === "reselect" ? { kind } : { kind, leader: who }, now);
      carry(to, actions, now);
      return status === 0 ? DONE : refused(status);
    };
    for (let now = 0; now < END_MS; now += 200) {
      for (;;) {
        events.sort((a, b) => a.at - b.at);
        if (events[0] === undefined || events[0].at > now) break;
        const event = events.shift()!;
        event.happen(event.at);
      }
      for (const [name, machine] of machines) carry(name, machine.tick(now), now);
    }
    return [...machines.values()].map(({ leader: name }) => name);
  }

  test("all agree on one leader after the network has healed, 200 seeds", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const leaders = run(seed);
      expect({ seed, leaders: new Set(leaders).size, hasOne: leaders[0] !== null }).toEqual({
        seed,
        leaders: 1,
        hasOne: true,
      });
    }
  });
});
