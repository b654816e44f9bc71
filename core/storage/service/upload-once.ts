// UPLOAD_FILE with check_file_duplicate (trunk-dedup-recovery.md §2.4): a content that is known already becomes a link to it, a
// new one is stored under a name that clients never see, with a first link. Whatever is wrong with the index, the upload is
// stored as a file of its own; C fails it.

import { encodeResponse } from "../../wire/command.ts";
import { Status, statusOfError } from "../../wire/status.ts";
import { uploadFile } from "../../wire/storage-client.ts";
import { formatRecord, Op } from "../binlog/record.ts";
import { type FileRef, SourceNotRegistered } from "../duplicates/bookkeeping.ts";
import { signatureToHex } from "../duplicates/debt-lines.ts";
import type { Duplicates } from "../duplicates/duplicates.ts";
import { isOwnName } from "../duplicates/own-name.ts";
import { ClientCompletion, countDone, type OperationCounters, type Session } from "../io/session.ts";
import { type CountedLink, makeCountedLink } from "./counted-link.ts";
import { type MadeLink, makeLink } from "./make-link.ts";

/** A content that stands under a name of its own and waits for its record. */
export interface StoredUpload {
  /** Logic name. */
  readonly name: string;
  /** Unix seconds. */
  readonly timestamp: number;
  /** Its record could not be written: takes it away. */
  readonly undo: () => void;
  /** Makes ready to store the content once more, under another name. */
  readonly again: () => void;
}

/** A received content that may turn out to be here already. */
export interface OnceUpload {
  readonly session: Session;
  readonly size: number;
  readonly ext: string;
  readonly counters: OperationCounters;
  /** Rejects with the system's error. */
  signature(): Promise<Uint8Array>;
  /** Stores it under a fresh name; throws what the client is answered. */
  store(): Promise<StoredUpload>;
  /** The content is not needed any more. */
  drop(): void;
  /** Drops it and answers the error. */
  fail(error: unknown): void;
}

/** Does not reject; the client has its answer, or nobody waits for it. */
export async function uploadOnce(duplicates: Duplicates, upload: OnceUpload): Promise<void> {
  try {
    const signature = await upload.signature();
    const work = new Once(duplicates, upload, signature);
    await duplicates
      .whileAlone(signatureToHex(signature), () => work.run())
      .catch((error: unknown) => {
        // Others deal with this content for too long.
        if (work.isBegun) throw error;
        return work.storePlainly();
      });
  } catch (error) {
    upload.fail(error);
  }
}

class Once {
  readonly #duplicates: Duplicates;
  readonly #upload: OnceUpload;
  readonly #signature: Uint8Array;
  isBegun = false;

  constructor(duplicates: Duplicates, upload: OnceUpload, signature: Uint8Array) {
    this.#duplicates = duplicates;
    this.#upload = upload;
    this.#signature = signature;
  }

  async run(): Promise<void> {
    this.isBegun = true;
    const isNew = await this.#linkToKnown();
    if (isNew === "answered") return;
    if (isNew === "plain") await this.storePlainly();
    else await this.#storeAsSource();
  }

  /** The index was of no use. */
  async storePlainly(): Promise<void> {
    const { worker } = this.#upload.session;
    worker.scoreboard.duplicateMissed();
    this.#duplicates.reachability.missed();
    await this.#acknowledge(await this.#upload.store());
  }

  async #linkToKnown(): Promise<"answered" | "new" | "plain"> {
    const { session } = this.#upload;
    if (!this.#duplicates.reachability.mayAsk()) return "plain";
    try {
      const source = await this.#duplicates.ask(() => this.#duplicates.books.findSource(this.#signature));
      if (source === null) return "new";
      const isHere = await this.#linkTo(source);
      if (!isHere) return "new";
      session.worker.scoreboard.duplicateFound();
      return "answered";
    } catch (error) {
      session.worker.log.debug(`An upload is stored as it is: ${String(error)}`);
      return "plain";
    }
  }

  /** False: there is no such file, and nothing leads to it any more. */
  async #linkTo(source: FileRef): Promise<boolean> {
    const { session, ext, drop } = this.#parts();
    const { owners } = this.#duplicates;
    const owner = this.#isOwn(source) ? null : await owners.ownerOf(source);
    if (owner !== null) {
      const link = await owners.link(owner, source, this.#signature, ext).catch((error: unknown) => {
        if (statusOfError(error) === Status.ENOENT) return null;
        throw error;
      });
      if (link === null) return false;
      drop();
      this.#answerForeign(link);
      return true;
    }
    const wish = { sourceName: source.fileName, masterName: "", prefix: "", ext };
    const made = await makeCountedLink(session, this.#duplicates, this.#signature, wish);
    if (made === "missing") return false;
    drop();
    await this.#commit(made.record, made.name, made);
    return true;
  }

  #isOwn({ groupName, fileName }: FileRef): boolean {
    const { worker } = this.#upload.session;
    return (
      groupName === worker.config.groupName &&
      (this.#duplicates.isOwnIndex || isOwnName(worker.config.sourceBytes, fileName))
    );
  }

  async #storeAsSource(): Promise<void> {
    const { session, ext } = this.#upload;
    const { worker } = session;
    const stored = await this.#upload.store();
    // The records follow when the index knows of both: longer than one turn of the event loop.
    const sourceNoted = worker.commits.intendLong(Op.CREATE, stored.name);
    const wish = { sourceName: stored.name, masterName: "", prefix: "", ext };
    const made = await new Promise<MadeLink | Error>((resolve) => makeLink(session, wish, resolve));
    if (made instanceof Error) {
      // Nobody else knows the file: it is as good as any.
      worker.log.debug(`A new content is stored without a link: ${String(made)}`);
      await this.#acknowledge(stored, sourceNoted);
      return;
    }
    const linkNoted = worker.commits.intendLong(Op.LINK, made.name);
    const noted = (): void => {
      sourceNoted();
      linkNoted();
    };
    const { groupName } = worker.config;
    const source: FileRef = { groupName, fileName: stored.name };
    const link: FileRef = { groupName, fileName: made.name };
    try {
      await this.#duplicates.ask(() => this.#duplicates.books.registerSource(this.#signature, source, link));
    } catch (error) {
      made.undo();
      linkNoted();
      await this.#storeUnregistered(stored, sourceNoted, error, link);
      return;
    }
    const counted: CountedLink = {
      ...made,
      recorded: noted,
      undo: () => {
        made.undo();
        stored.undo();
        noted();
        this.#duplicates.linkRemoved(link, source);
      },
    };
    this.#upload.drop();
    await this.#commit(formatRecord(stored.timestamp, Op.CREATE, stored.name) + made.record, made.name, counted);
  }

  /**
   * Where others may find the content, its name must not become a client's, who could delete it. Somebody may have linked to
   * it already: it stays until the index has said that nobody has.
   */
  async #storeUnregistered(stored: StoredUpload, noted: () => void, error: unknown, link: FileRef): Promise<void> {
    const { worker } = this.#upload.session;
    worker.scoreboard.duplicateMissed();
    this.#duplicates.reachability.missed();
    if (!(error instanceof SourceNotRegistered) || !error.mayBeFound) {
      await this.#acknowledge(stored, noted);
      return;
    }
    stored.again();
    const own = await this.#upload.store();
    this.#upload.drop();
    const records = [stored, own].map(({ timestamp, name }) => formatRecord(timestamp, Op.CREATE, name)).join("");
    const source: FileRef = { groupName: worker.config.groupName, fileName: stored.name };
    const recorded = (): void => {
      noted();
      this.#duplicates.linkRemoved(link, source);
    };
    const undo = (): void => {
      own.undo();
      recorded();
    };
    await this.#commit(records, own.name, { recorded, undo });
  }

  /** An upload as any other. */
  async #acknowledge(stored: StoredUpload, noted: () => void = () => {}): Promise<void> {
    this.#upload.drop();
    const record = formatRecord(stored.timestamp, Op.CREATE, stored.name);
    const undo = (): void => {
      stored.undo();
      noted();
    };
    await this.#commit(record, stored.name, { recorded: noted, undo });
  }

  /** Resolves when the client has its answer: until then the content's lock is held. */
  #commit(record: string, name: string, { recorded, undo }: Pick<CountedLink, "recorded" | "undo">): Promise<void> {
    const { session, counters, size } = this.#upload;
    const { worker } = session;
    session.fileName = name;
    const packet = encodeResponse(uploadFile, { groupName: worker.config.groupName, fileName: name });
    const completion = new ClientCompletion(session, counters, size, packet, undo);
    return new Promise((resolve) => {
      worker.commits.push(record, {
        committed(status) {
          if (status === Status.OK) recorded();
          try {
            completion.committed(status);
          } finally {
            resolve();
          }
        },
      });
    });
  }

  /** The link is another storage's, and recorded there. */
  #answerForeign(link: FileRef): void {
    const { session, counters, size } = this.#upload;
    session.fileName = link.fileName;
    countDone(session.worker, counters, size);
    session.reply(encodeResponse(uploadFile, link));
  }

  #parts(): { session: Session; ext: string; drop: () => void } {
    const { session, ext } = this.#upload;
    return { session, ext, drop: () => this.#upload.drop() };
  }
}
