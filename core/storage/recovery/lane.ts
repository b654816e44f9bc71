// One connection of a fetcher to its source, made when it is needed: brings one file after the other to its place.

import type { Owner } from "../../disk/owner.ts";
import type { ClientConnection } from "../../net/client-connection.ts";
import { RemoteError } from "../../net/remote-error.ts";
import { Status } from "../../wire/status.ts";
import type { Candidate } from "./group-questions.ts";
import type { Progress } from "./progress.ts";
import { forgetAttempt, RestoredFile, type Target } from "./restore-place.ts";
import { downloadWhole, openSource, type SourceHelp, sizeAtSource } from "./source-link.ts";

export interface LaneHelp {
  readonly progress: Progress;
  readonly owner: Owner | undefined;
  /** Each file reaches the disk before its mark does (durability = power). */
  readonly flushesToDisk: boolean;
}

export class Lane {
  readonly #help: SourceHelp;
  #candidate: Candidate | null = null;
  #connection: ClientConnection | null = null;

  constructor(help: SourceHelp) {
    this.#help = help;
  }

  /** False: the source has no such file. Rejects with a RemoteError, or the disk's error. */
  async bring(
    candidate: Candidate,
    target: Target,
    timestamp: number,
    { progress, owner, flushesToDisk }: LaneHelp,
  ): Promise<boolean> {
    const { groupName } = this.#help;
    const connection = await this.#open(candidate);
    const { status, length, body } = await downloadWhole(connection, groupName, target.name);
    if (status === Status.ENOENT) {
      forgetAttempt(target);
      return false;
    }
    if (status !== Status.OK) {
      const isEmpty = status === Status.EINVAL && (await this.#isEmpty(candidate, target));
      if (!isEmpty) throw RemoteError.fromStatus(connection.server, status);
    }
    const file = new RestoredFile(target, owner);
    try {
      if (status === Status.OK) for await (const chunk of body) file.write(chunk);
      file.publish(target.isTrunk ? null : timestamp, flushesToDisk);
    } finally {
      file.discard();
    }
    progress.bytes += length;
    return true;
  }

  close(): void {
    this.#connection?.destroy();
    this.#connection = null;
  }

  /** Storages refuse to send an empty file (storage.md §2.7), and close. */
  async #isEmpty(candidate: Candidate, { name, knownSize }: Target): Promise<boolean> {
    this.close();
    if (knownSize !== null) return knownSize === 0;
    return (await sizeAtSource(await this.#open(candidate), this.#help.groupName, name)) === 0;
  }

  async #open(candidate: Candidate): Promise<ClientConnection> {
    if (this.#candidate !== candidate || this.#connection?.isUsable !== true) {
      this.close();
      this.#candidate = candidate;
      this.#connection = await openSource(candidate, this.#help);
    }
    return this.#connection!;
  }
}
