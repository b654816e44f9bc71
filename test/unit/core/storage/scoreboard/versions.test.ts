// What was lately done to names: the latest change stays, also when its bucket overflows, and is seen by other threads' views.

import { expect, test } from "bun:test";
import { Scoreboard } from "../../../../../core/storage/scoreboard/scoreboard.ts";
import { ORIGIN_OTHERS, ORIGIN_OWN, ORIGIN_UNKNOWN } from "../../../../../core/storage/scoreboard/versions.ts";

test("the latest change of a name is remembered, in every view", () => {
  const board = new Scoreboard();
  const view = new Scoreboard(board.buffer, 0);
  expect(board.versions.of("a")).toBeNull();
  board.versions.note("a", { timestamp: 10, isDeleted: false, origin: ORIGIN_OWN });
  view.versions.note("a", { timestamp: 12, isDeleted: true, origin: 7 });
  board.versions.note("a", { timestamp: 11, isDeleted: false, origin: ORIGIN_OWN });
  expect(board.versions.of("a")).toEqual({ timestamp: 12, isDeleted: true, origin: 7 });
  expect(view.versions.of("b")).toBeNull();
});

test("the newest names survive when there are too many", () => {
  const { versions } = new Scoreboard();
  const count = 1_500_000;
  for (let at = 1; at <= count; at++) versions.note(`name ${at}`, { timestamp: at, isDeleted: true, origin: 1 });
  let kept = 0;
  for (let at = count - 499_999; at <= count; at++) if (versions.of(`name ${at}`)?.timestamp === at) kept++;
  expect(kept).toBeGreaterThan(490_000);
});

test("each source has a number of its own", () => {
  const board = new Scoreboard();
  const view = new Scoreboard(board.buffer, 0);
  expect(board.originOf("")).toBe(ORIGIN_UNKNOWN);
  const one = board.originOf("10.0.0.1");
  const two = view.originOf("10.0.0.2");
  expect([one, two]).toEqual([ORIGIN_OTHERS, ORIGIN_OTHERS + 1]);
  expect(view.originOf("10.0.0.1")).toBe(one);
});

test("a notice is read whole, with a new generation each time", () => {
  const board = new Scoreboard();
  const view = new Scoreboard(board.buffer, 0);
  expect(view.noticeGeneration("members")).toBe(0);
  expect(board.publish("members", "größer")).toBe(true);
  expect(view.notice("members")).toEqual({ generation: 1, text: "größer" });
  expect(board.publish("members", "x".repeat(65_537))).toBe(false);
  expect(board.publish("members", "")).toBe(true);
  expect(view.notice("members")).toEqual({ generation: 2, text: "" });
  expect(view.notice("replication")).toEqual({ generation: 0, text: "" });
});
