// The network: connections between processes, each with one request under way at a time. Messages take their time, get
// lost with their connection, arrive long after the sender has given up, and wait at a partition.

import { type Life, never } from "./life.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

/** A process that answers. */
export interface Server<Q, A> {
  readonly life: Life;
  /** A connection from the named process; what is returned stands for it. */
  opened(from: string): Session<Q, A>;
}

export interface Session<Q, A> {
  /** Answers; a rejection leaves the request without an answer. */
  handle(request: Q): A | Promise<A>;
  closed(): void;
}

class Disconnected extends Error {}

/** How bad the network is: shares of requests, milliseconds. */
export interface Weather {
  loss: number;
  late: number;
  usualMs: number;
}

export const CALM: Weather = { loss: 0, late: 0, usualMs: 3 };
const TIMEOUT_MS = 4000;
const LATE_MS = 12_000;

export class Network {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #servers = new Map<string, Server<never, unknown>>();
  readonly #cut = new Set<string>();
  /** Run when a partition ends. */
  #held: (() => void)[] = [];
  weather: Weather = CALM;

  constructor(scheduler: Scheduler, random: Random, trace: Trace) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#trace = trace;
  }

  /** Takes the place of an earlier process of that name. */
  listen<Q, A>(name: string, server: Server<Q, A>): void {
    this.#servers.set(name, server as Server<never, unknown>);
  }

  cut(a: string, b: string): void {
    this.#cut.add(pair(a, b));
  }

  heal(): void {
    this.#cut.clear();
    const held = this.#held;
    this.#held = [];
    for (const run of held) run();
  }

  isCut(a: string, b: string): boolean {
    return this.#cut.has(pair(a, b));
  }

  /** Rejects with Disconnected when nobody answers. `resets`: requests that are given up do not arrive any more. */
  async connect<Q, A>(from: Life, to: string, resets = false): Promise<Link<Q, A>> {
    await from.sleep(this.latency());
    if (this.isCut(from.node, to)) {
      await from.sleep(TIMEOUT_MS);
      throw new Disconnected(`${to}: no route`);
    }
    const server = this.#servers.get(to) as Server<Q, A> | undefined;
    if (server === undefined || !server.life.isAlive) throw new Disconnected(`${to}: refused`);
    return new Link(this, from, to, server, resets);
  }

  latency(): number {
    return this.#random.next() * this.weather.usualMs;
  }

  /** Brings a message over; false when it will never arrive. */
  carry(from: string, to: string, arrive: () => void): boolean {
    const { loss, late } = this.weather;
    if (this.isCut(from, to)) {
      this.#trace.note(from, () => `a message to ${to} waits at the partition`);
      const isKept = this.#random.chance(0.5);
      if (isKept) this.#held.push(() => this.#scheduler.after(this.latency(), arrive));
      return isKept;
    }
    if (this.#random.chance(loss)) {
      this.#trace.note(from, () => `a message to ${to} is lost`);
      return false;
    }
    const isLate = this.#random.chance(late);
    this.#scheduler.after(isLate ? this.#random.next() * LATE_MS : this.latency(), arrive);
    return true;
  }

  /** When the other end hears that this one is gone. */
  tellClosed(from: string, to: string, closed: () => void): void {
    if (this.isCut(from, to)) this.#held.push(() => this.#scheduler.after(this.latency(), closed));
    else this.#scheduler.after(this.#random.chance(0.2) ? this.#random.next() * LATE_MS : this.latency(), closed);
  }
}

const pair = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

/** The client's end of a connection. */
export class Link<Q, A> {
  readonly to: string;
  readonly #network: Network;
  readonly #from: Life;
  readonly #server: Life;
  readonly #session: Session<Q, A>;
  readonly #resets: boolean;
  #isOpen = true;
  /** Requests that will arrive yet: the server hears of the end after them. */
  #underWay = 0;
  #endArrived = false;
  #isSessionOpen = true;

  constructor(network: Network, from: Life, to: string, server: Server<Q, A>, resets: boolean) {
    this.#resets = resets;
    this.#network = network;
    this.#from = from;
    this.to = to;
    this.#server = server.life;
    this.#session = server.opened(from.node);
    from.onDeath(() => this.close());
  }

  get isUsable(): boolean {
    return this.#isOpen;
  }

  /** Rejects with Disconnected; the request may have been carried out all the same. */
  request(request: Q): Promise<A> {
    if (!this.#isOpen) return Promise.reject(new Disconnected(`${this.to}: closed`));
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (settle: () => void): void => {
        if (isOver) return;
        isOver = true;
        if (this.#from.isAlive) settle();
      };
      const fail = (text: string): void =>
        end(() => {
          this.close();
          reject(new Disconnected(`${this.to}: ${text}`));
        });
      this.#from.after(TIMEOUT_MS, () => !isOver && fail("timed out"));
      const willArrive = this.#network.carry(this.#from.node, this.to, () => {
        this.#underWay--;
        const isGivenUp = this.#resets && isOver;
        if (!isGivenUp) this.#arrived(request, end, resolve, fail);
        if (this.#endArrived) this.#endSession();
      });
      if (willArrive) this.#underWay++;
    });
  }

  #arrived(
    request: Q,
    end: (settle: () => void) => void,
    resolve: (answer: A) => void,
    fail: (text: string) => void,
  ): void {
    const back = (run: () => void): boolean => this.#network.carry(this.to, this.#from.node, run);
    if (!this.#server.isAlive || !this.#isSessionOpen) {
      back(() => fail("reset"));
      return;
    }
    this.#handle(request).then(
      (answer) => back(() => end(() => resolve(answer))),
      () => back(() => fail("closed")),
    );
  }

  async #handle(request: Q): Promise<A> {
    const answer = await this.#session.handle(request);
    return this.#server.isAlive ? answer : never();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#network.tellClosed(this.#from.node, this.to, () => {
      this.#endArrived = true;
      if (this.#underWay === 0) this.#endSession();
    });
  }

  #endSession(): void {
    if (!this.#isSessionOpen) return;
    this.#isSessionOpen = false;
    if (this.#server.isAlive) this.#session.closed();
  }
}
