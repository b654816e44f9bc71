// A link to a content that several names share (check_file_duplicate): counted before it is made, noted before anybody is
// told of it. The caller holds the content's lock (`Duplicates.whileAlone`).

import { Status, statusOfError } from "../../wire/status.ts";
import { Op } from "../binlog/record.ts";
import { type FileRef, LinkNotCounted } from "../duplicates/bookkeeping.ts";
import type { Duplicates } from "../duplicates/duplicates.ts";
import { isOwnName } from "../duplicates/own-name.ts";
import type { Session } from "../io/session.ts";
import { type LinkWish, type MadeLink, makeLink } from "./make-link.ts";

/** A link that waits for its record; afterwards `recorded`, or `undo` when that could not be written. */
export interface CountedLink extends MadeLink {
  readonly recorded: () => void;
}

/** `missing`: the source is not there, and its entries are away. Everything else that goes wrong is an error. */
export async function makeCountedLink(
  session: Session,
  duplicates: Duplicates,
  signature: Uint8Array,
  wish: LinkWish,
): Promise<CountedLink | "missing"> {
  const { worker } = session;
  const { groupName } = worker.config;
  const source: FileRef = { groupName, fileName: wish.sourceName };
  const takeBack = (): void => duplicates.linkNotMade(source, signature);
  try {
    if (!(await duplicates.ask(() => duplicates.books.countLink(signature, source)))) {
      takeBack();
      return "missing";
    }
  } catch (error) {
    if (error instanceof LinkNotCounted && error.isRaised) takeBack();
    throw error;
  }
  const made = await new Promise<MadeLink | Error>((resolve) => makeLink(session, wish, resolve));
  if (made instanceof Error) {
    // A file of another storage may not have come here yet.
    const isGone = statusOfError(made) === Status.ENOENT && isOwnName(worker.config.sourceBytes, wish.sourceName);
    if (!isGone) {
      takeBack();
      throw made;
    }
    await duplicates.ask(() => duplicates.books.forgetSource(signature, source));
    return "missing";
  }
  const recorded = worker.commits.intendLong(Op.LINK, made.name);
  const link: FileRef = { groupName, fileName: made.name };
  try {
    await duplicates.ask(() => duplicates.books.noteLink(signature, link));
  } catch (error) {
    made.undo();
    recorded();
    takeBack();
    throw error;
  }
  const undo = (): void => {
    made.undo();
    recorded();
    duplicates.linkRemoved(link, source);
  };
  return { ...made, recorded, undo };
}
