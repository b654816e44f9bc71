// Asks the other storages of the group for a file that is missing here, one after the other, and hands over the first
// answer that has it. One a worker. Nothing is stored: a file whose deletion is under way must not come back.

import type { ClientConnection } from "../../net/client-connection.ts";
import { ConnectionPool } from "../../net/connection-pool.ts";
import type { NetLog } from "../../net/frame-protocol.ts";
import { RemoteError } from "../../net/remote-error.ts";
import { encodeRequest } from "../../wire/command.ts";
import { Status } from "../../wire/status.ts";
import { reportServerId } from "../../wire/storage-sync.ts";
import type { Scoreboard } from "../scoreboard/scoreboard.ts";
import type { GroupWatch } from "./group-watch.ts";
import { RecentMisses } from "./read-through-misses.ts";
import { type GroupMember, isUsedOnce, replicasToAsk, statusOfNone } from "./read-through-plan.ts";
import type { WorkerConfig } from "./worker-config.ts";

/** Files that one worker reads from others at the same time; who comes beyond that is told that the file is missing. */
const READS_MAX = 64;
/** A replica that could not be connected to is left alone for so long. */
const REST_MS = 2000;
const MAX_IDLE_MS = 30_000;
const PROBE_AFTER_MS = 5000;

/** The answer of a replica that has the file. Call `release` once when its body has been read, or is wanted no more. */
export interface Found<A> {
  readonly answer: A;
  release(): void;
}

export interface Question<A extends { readonly status: number }> {
  readonly fileName: string;
  /** What is remembered when nobody has it: a file that somebody has may have no metadata there. */
  readonly asked: string;
  ask(connection: ClientConnection): Promise<A>;
  /** False when nobody waits for the answer any more. */
  isWanted(): boolean;
}

export class ReadThrough {
  readonly #scoreboard: Scoreboard;
  readonly #group: GroupWatch;
  readonly #log: NetLog;
  readonly #networkTimeoutMs: number;
  readonly #pool: ConnectionPool;
  readonly #trimmer: ReturnType<typeof setInterval>;
  readonly #misses = new RecentMisses();
  /** Until when a replica is left alone, milliseconds, by id. */
  readonly #resting = new Map<string, number>();
  #reads = 0;

  constructor(config: WorkerConfig, scoreboard: Scoreboard, group: GroupWatch, log: NetLog) {
    this.#scoreboard = scoreboard;
    this.#group = group;
    this.#log = log;
    this.#networkTimeoutMs = config.networkTimeoutMs;
    this.#pool = new ConnectionPool({
      connectTimeoutMs: config.connectTimeoutMs,
      networkTimeoutMs: config.networkTimeoutMs,
      localAddresses: config.localAddresses,
      maxIdleMs: MAX_IDLE_MS,
      probeAfterMs: PROBE_AFTER_MS,
    });
    this.#trimmer = setInterval(() => this.#pool.trim(), MAX_IDLE_MS);
    this.#trimmer.unref();
  }

  /** True when it makes sense to ask now: a cheap look before anything is sent. */
  mayFind(fileName: string, asked: string): boolean {
    if (this.#reads >= READS_MAX || this.#misses.has(asked, Date.now())) return false;
    // We know more than replicas that have not heard of the deletion yet.
    return !(isUsedOnce(fileName) && this.#scoreboard.versions.of(fileName)?.isDeleted === true);
  }

  /** The first answer with status 0, or the status for the client. Does not reject. */
  async find<A extends { readonly status: number }>(question: Question<A>): Promise<Found<A> | number> {
    this.#reads++;
    try {
      const found = await this.#find(question);
      if (typeof found !== "number") return this.#holding(found);
      this.#reads--;
      // Not a refusal: with another offset the same name may be fine.
      if (found === Status.ENOENT && question.isWanted()) this.#misses.add(question.asked, Date.now());
      return found;
    } catch (error) {
      this.#reads--;
      this.#log.error(`Cannot read ${question.fileName} from another storage: ${textOf(error)}`);
      return Status.EIO;
    }
  }

  close(): void {
    clearInterval(this.#trimmer);
    this.#pool.close();
  }

  /** The place among READS_MAX is kept until the answer's body has gone through. */
  #holding<A>(found: Found<A>): Found<A> {
    return {
      answer: found.answer,
      release: () => {
        this.#reads--;
        found.release();
      },
    };
  }

  async #find<A extends { readonly status: number }>(question: Question<A>): Promise<Found<A> | number> {
    const group = this.#group.view;
    if (group === null) return Status.ENOENT;
    const statuses: number[] = [];
    const deadline = Date.now() + this.#networkTimeoutMs;
    for (const member of replicasToAsk(group, question.fileName)) {
      if (!question.isWanted() || Date.now() >= deadline) break;
      if ((this.#resting.get(member.id) ?? 0) > Date.now()) continue;
      try {
        const found = await this.#askOne(group.ownId, member, question);
        if (found.answer.status === Status.OK) {
          this.#log.debug(`${question.fileName} is not here yet: read from ${member.id}`);
          return found;
        }
        found.release();
        statuses.push(found.answer.status);
      } catch (error) {
        this.#log.debug(`Cannot read ${question.fileName} from ${member.id}: ${textOf(error)}`);
      }
    }
    return statusOfNone(statuses);
  }

  async #askOne<A>(
    ownId: string,
    member: GroupMember,
    { ask }: { ask(connection: ClientConnection): Promise<A> },
  ): Promise<Found<A>> {
    const { ipAddress, port } = member;
    let { connection, isFresh } = await this.#connect(ownId, member);
    for (;;) {
      try {
        const answer = await ask(connection);
        const used = connection;
        return { answer, release: () => this.#giveBack(member, used) };
      } catch (error) {
        this.#pool.release(ipAddress, port, connection);
        // A kept connection may have ended without our notice.
        if (isFresh) throw error;
        connection = await this.#open(ownId, member);
        isFresh = true;
      }
    }
  }

  /** One with an answer that was not read to its end cannot be used again. */
  #giveBack({ ipAddress, port }: GroupMember, connection: ClientConnection): void {
    if (!connection.isUsable) connection.destroy();
    this.#pool.release(ipAddress, port, connection);
  }

  async #connect(
    ownId: string,
    member: GroupMember,
  ): Promise<{ readonly connection: ClientConnection; readonly isFresh: boolean }> {
    try {
      const taken = await this.#pool.take(member.ipAddress, member.port);
      if (taken.isFresh) await this.#announce(ownId, member, taken.connection);
      return taken;
    } catch (error) {
      this.#resting.set(member.id, Date.now() + REST_MS);
      throw error;
    }
  }

  /** A connection that is certainly new. */
  async #open(ownId: string, member: GroupMember): Promise<ClientConnection> {
    const connection = await this.#pool.open(member.ipAddress, member.port);
    await this.#announce(ownId, member, connection);
    return connection;
  }

  /** A storage that has said whose it is is never read through in its turn: two that lack a file must not ask in a circle. */
  async #announce(ownId: string, { ipAddress, port }: GroupMember, connection: ClientConnection): Promise<void> {
    try {
      const { status } = await connection.request(encodeRequest(reportServerId, { storageId: ownId }));
      if (status !== Status.OK) throw RemoteError.fromStatus(connection.server, status);
    } catch (error) {
      connection.destroy();
      this.#pool.release(ipAddress, port, connection);
      throw error;
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
