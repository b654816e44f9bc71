// Telling what became of several files: text and errors apart, or one JSON array.

import { expect, test } from "bun:test";
import { Interrupted } from "../../../cmd/command.ts";
import { outcomeOf, Teller } from "../../../cmd/outcome.ts";
import { recordedContext } from "./context.ts";

test("results on stdout, failures on stderr, exit status 1", async () => {
  const context = recordedContext();
  const teller = new Teller<{ id: string }>(context, ({ id }) => `${id}\n`);
  await teller.tell({ file: "a" }, { value: { id: "group1/a" } });
  await teller.tell({ file: "b" }, { error: new Error("Cannot upload b: no space") });
  await teller.tell({ file: "c" }, { value: { id: "group1/c" } });
  expect(await teller.end()).toBe(1);
  expect(context.out()).toBe("group1/a\ngroup1/c\n");
  expect(context.err()).toBe("fdfs: Cannot upload b: no space\n");
});

test("--json is one array, failures included", async () => {
  const context = recordedContext({ options: { json: true } });
  const teller = new Teller<{ id: string }>(context, () => "never");
  await teller.tell({ file: "a" }, { value: { id: "group1/a" } });
  await teller.tell({ file: "b" }, { error: new Error("no") });
  expect(await teller.end()).toBe(1);
  expect(JSON.parse(context.out())).toEqual([
    { file: "a", id: "group1/a" },
    { file: "b", error: "no" },
  ]);
});

test("--json of nothing is an empty array", async () => {
  const context = recordedContext({ options: { json: true } });
  expect(await new Teller(context, () => "").end()).toBe(0);
  expect(JSON.parse(context.out())).toEqual([]);
});

test("Ctrl-C is no failure of one file", async () => {
  const abort = new AbortController();
  const context = recordedContext({ signal: abort.signal });
  const work = outcomeOf(context, async () => {
    abort.abort(new Interrupted());
    throw new Error("connection closed");
  });
  expect(work).rejects.toThrow(Interrupted);
});
