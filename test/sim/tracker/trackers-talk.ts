// What a simulated tracker asks of the other ones: the election's requests, and the system files before its first JOIN.
// Follows core/tracker/control/{election-keeper,system-files-copy}.ts.

import { RemoteError } from "../../../core/net/remote-error.ts";
import { Cluster } from "../../../core/tracker/cluster/cluster.ts";
import type {
  ElectionAction,
  ElectionAnswer,
  ElectionRequest,
} from "../../../core/tracker/cluster/election-messages.ts";
import type { Leadership } from "../../../core/tracker/cluster/leadership.ts";
import { readSystemFiles, systemFiles } from "../../../core/tracker/state-files/state-folder.ts";
import { type Command, decodeResponse, encodeRequest } from "../../../core/wire/command.ts";
import { PROTOCOL_VERSION } from "../../../core/wire/limits.ts";
import { ProtocolError } from "../../../core/wire/protocol-error.ts";
import { Status } from "../../../core/wire/status.ts";
import * as among from "../../../core/wire/tracker-cluster.ts";
import type { Life } from "../world/life.ts";
import type { Link, Network } from "../world/network.ts";
import { TRACKER_PORT } from "../world/places.ts";
import type { Trace } from "../world/trace.ts";
import type { TrackerAnswer } from "./connection.ts";
import type { DataFolder } from "./data-folder.ts";

const TICK_MS = 200;
const DONE: ElectionAnswer = { kind: "done" };

export interface TalkParts {
  readonly life: Life;
  readonly network: Network;
  readonly trace: Trace;
  readonly cluster: Cluster;
  readonly leadership: Leadership;
  readonly files: DataFolder;
  readonly upTime: number;
  nowMs(): number;
}

type TrackerLink = Link<Uint8Array, TrackerAnswer>;

export class TrackersTalk {
  readonly #parts: TalkParts;
  #link: TrackerLink | null = null;
  #copying: Promise<void> | null = null;
  #hasCopied = false;

  constructor(parts: TalkParts) {
    this.#parts = parts;
    this.#tick();
  }

  /** False when there was nothing to do. */
  #tick(): boolean {
    const { leadership, nowMs, life } = this.#parts;
    const actions = leadership.tick(nowMs());
    this.#carryOut(actions);
    life.after(TICK_MS, () => this.#tick());
    return actions.length > 0;
  }

  #carryOut(actions: readonly ElectionAction[]): void {
    for (const action of actions) {
      if (action.kind === "hangUp") this.#hangUp();
      else void this.#request(action);
    }
  }

  async #request(request: ElectionRequest): Promise<void> {
    const { leadership, nowMs, trace, life } = this.#parts;
    const answer = await this.#ask(request).catch((error: unknown): ElectionAnswer => {
      const isRefusal = error instanceof RemoteError && error.answered;
      return isRefusal ? { kind: "refused", status: error.status } : { kind: "silent" };
    });
    if (request.kind !== "ping")
      trace.note(life.node, () => `${request.kind} to ${request.to}: ${JSON.stringify(answer)}`);
    this.#carryOut(leadership.answered(request.id, answer, nowMs()));
  }

  async #ask(request: ElectionRequest): Promise<ElectionAnswer> {
    const { life, network, leadership, upTime } = this.#parts;
    const host = request.to.slice(0, request.to.indexOf(":"));
    const address = { address: request.leader };
    if (request.kind === "ping") {
      if (this.#link === null) return { kind: "silent" };
      await ask(this.#link, among.pingLeader, { allocCount: 1, currentCount: 1, maxCount: 1 });
      return DONE;
    }
    if (request.kind === "join") {
      this.#hangUp();
      const link: TrackerLink = await network.connect(life, host);
      if (leadership.leader?.hosts[0] !== host) return { kind: "silent" };
      this.#link = link;
      await ask(link, among.joinLeader, { upTime, version: PROTOCOL_VERSION, serverPort: TRACKER_PORT });
      return DONE;
    }
    const link: TrackerLink = await network.connect(life, host);
    try {
      if (request.kind === "status") return { kind: "standing", standing: await ask(link, among.trackerGetStatus, {}) };
      if (request.kind === "notify") await ask(link, among.notifyNextLeader, address);
      if (request.kind === "commit") await ask(link, among.commitNextLeader, address);
      if (request.kind === "reselect") await ask(link, among.notifyReselectLeader, {});
      return DONE;
    } finally {
      link.close();
    }
  }

  #hangUp(): void {
    this.#link?.close();
    this.#link = null;
  }

  // ---- system files ----

  beforeJoin(trackers: readonly { readonly hosts: readonly string[] }[]): Promise<void> | null {
    if (this.#copying !== null) return this.#copying;
    if (this.#hasCopied || this.#parts.cluster.groups.length > 0) return null;
    const others = trackers.map(({ hosts }) => hosts[0]!).filter((host) => host !== this.#parts.life.node);
    this.#copying = this.#copy(others).finally(() => {
      this.#copying = null;
    });
    return this.#copying;
  }

  async #copy(others: readonly string[]): Promise<void> {
    const { life, network, cluster, files, trace } = this.#parts;
    for (const host of others) {
      let link: TrackerLink | null = null;
      try {
        link = await network.connect<Uint8Array, TrackerAnswer>(life, host);
        await ask(link, among.trackerGetStatus, {});
      } catch (error) {
        link?.close();
        if (error instanceof RemoteError && error.status !== Status.ENOENT)
          throw new ProtocolError("again", Status.EAGAIN);
        continue;
      }
      try {
        await ask(link, among.getSystemFilesStart, {});
        const contents: Uint8Array[] = [];
        for (const index of systemFiles.keys()) contents.push(await readWhole(link, index));
        const fresh = new Cluster(cluster.settings);
        readSystemFiles(fresh, contents);
        life.step();
        files.replaceAll(contents, fresh);
        trace.note(life.node, () => `has the system files of ${host}`);
        await ask(link, among.getSystemFilesEnd, {}).catch(() => {});
      } catch {
        throw new ProtocolError("the system files of another tracker could not be copied yet", Status.EAGAIN);
      } finally {
        link.close();
      }
      break;
    }
    this.#hasCopied = true;
  }
}

async function readWhole(link: TrackerLink, index: number): Promise<Uint8Array> {
  const parts: number[] = [];
  for (;;) {
    const { fileSize, content } = await ask(link, among.getOneSystemFile, { index, offset: parts.length });
    parts.push(...content);
    if (parts.length >= fileSize) return Uint8Array.from(parts);
  }
}

async function ask<Q, S>(link: TrackerLink, command: Command<Q, S>, value: Q): Promise<S> {
  const { status, body } = await link.request(encodeRequest(command, value));
  if (status !== Status.OK) throw RemoteError.fromStatus(link.to, status);
  return decodeResponse(command, body);
}
