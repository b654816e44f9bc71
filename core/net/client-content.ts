// The content of an upload on its way to the socket: counted against the announced length, and with its own failures told
// apart from those of the server it is sent to.

/** The content failed, not the server; `cause` is what it threw. */
export class ContentFailure extends Error {}

/** Passes the chunks on; throws ContentFailure when they are not exactly `length` bytes or `content` throws. */
export async function* counted(content: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  const iterator = content[Symbol.asyncIterator]();
  let sent = 0;
  let isDone = false;
  try {
    while (!isDone) {
      const step = await iterator.next().catch((cause: unknown) => {
        isDone = true;
        throw new ContentFailure("content failed", { cause });
      });
      if (step.done === true) {
        isDone = true;
      } else {
        sent += step.value.length;
        if (sent > length) throw mismatch(`it has more than the announced ${length} bytes`);
        yield step.value;
      }
    }
  } finally {
    if (!isDone) await iterator.return?.();
  }
  if (sent < length) throw mismatch(`it ended after ${sent} of ${length} bytes`);
}

function mismatch(found: string): ContentFailure {
  return new ContentFailure(found, { cause: new Error(`Cannot send the content: ${found}`) });
}
