// Standard input that never ends must not outlive Ctrl-C.

import { expect, test } from "bun:test";
import { Interrupted } from "../../../cmd/command.ts";
import { readStandardInput } from "../../../cmd/standard-input.ts";

test("an abort ends a wait for more input", async () => {
  const abort = new AbortController();
  const stdin = (async function* () {
    yield Buffer.from("first");
    await new Promise(() => {});
  })();
  const input = readStandardInput({ stdin, signal: abort.signal });
  expect((await input.next()).value).toEqual(Buffer.from("first"));
  const waiting = input.next();
  abort.abort(new Interrupted());
  expect(waiting).rejects.toThrow(Interrupted);
});
