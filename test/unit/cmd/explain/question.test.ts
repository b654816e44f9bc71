// What the argument of `fdfs explain` is taken for.

import { expect, test } from "bun:test";
import { questionOf } from "../../../../cmd/explain/question.ts";
import { A, picture, server, tracker } from "./fixtures.ts";

const storages = [
  server("100001", { ipAddress: A, storagePort: 23000 }),
  server("100002", { ipAddress: A, storagePort: 23001 }),
  server("100003", { ipAddress: "fd00::3", storagePort: 23000 }),
];
const of = picture({ storages, trackers: [tracker("10.0.0.1", storages)] });

const asked: [word: string | null, kind: string, ids?: string[]][] = [
  [null, "cluster"],
  ["group1", "group"],
  ["100002", "servers", ["100002"]],
  [A, "servers", ["100001", "100002"]],
  [`${A}:23001`, "servers", ["100002"]],
  ["fd00::3", "servers", ["100003"]],
  ["[fd00::3]", "servers", ["100003"]],
  ["[fd00::3]:23000", "servers", ["100003"]],
  ["10.0.0.1", "tracker"],
  ["10.0.0.1:22122", "tracker"],
  [`${A}:99`, "unknown"],
  ["group2", "unknown"],
];

test.each(asked)("%s", (word, kind, ids = []) => {
  const question = questionOf(word, of);
  expect(question.kind).toBe(kind as typeof question.kind);
  expect(question.kind === "servers" ? question.members.map(({ info }) => info.id) : []).toEqual(ids);
});
