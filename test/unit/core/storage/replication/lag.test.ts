// How long records take: from the first look that saw them to their confirmation.

import { expect, test } from "bun:test";
import { LagMeter } from "../../../../../core/storage/replication/lag.ts";

const at = (offset: number): { index: number; offset: number } => ({ index: 0, offset });

test("a record is as old as the first look that saw it", () => {
  const meter = new LagMeter();
  meter.look(at(10), 1000);
  meter.look(at(20), 1100);
  meter.look(at(30), 1200);
  meter.confirmed(at(10), 1300);
  expect(meter.quantile(0.5)).toBe(300);
  meter.confirmed(at(11), 1300);
  expect(meter.quantile(0)).toBe(200);
  expect(meter.quantile(1)).toBe(300);
});

test("what nobody saw before took no time", () => {
  const meter = new LagMeter();
  meter.confirmed(at(10), 1300);
  expect(meter.quantile(0.5)).toBe(0);
});

test("no confirmations, no figure", () => {
  expect(new LagMeter().quantile(0.5)).toBeNull();
});

test("looks that saw nothing new, or follow closely, are not kept", () => {
  const meter = new LagMeter();
  meter.look(at(10), 1000);
  meter.look(at(10), 1500);
  meter.look(at(20), 1001);
  expect(meter.ageOf(at(0), 2000)).toBe(1000);
  expect(meter.ageOf(at(10), 2000)).toBe(0);
});

test("the age of a backlog is that of its oldest record, and confirmed ones are forgotten", () => {
  const meter = new LagMeter();
  for (let second = 0; second < 10; second++) meter.look(at(second + 1), second * 1000);
  expect(meter.ageOf(at(0), 10_000)).toBe(10_000);
  meter.forget(at(5));
  expect(meter.ageOf(at(5), 10_000)).toBe(5000);
  meter.forget(at(10));
  expect(meter.ageOf(at(10), 10_000)).toBe(0);
});

test("a backlog of any length keeps a bounded number of looks, and its age", () => {
  const meter = new LagMeter();
  for (let look = 1; look <= 20_000; look++) meter.look(at(look), look * 10);
  const age = meter.ageOf(at(0), 200_010);
  expect(age).toBeGreaterThan(190_000);
  expect(age).toBeLessThanOrEqual(200_000);
});

test("quantiles are of the last thousand or so", () => {
  const meter = new LagMeter();
  meter.look(at(1), 0);
  for (let count = 0; count < 5000; count++) meter.confirmed(at(1), count);
  expect(meter.quantile(0)).toBe(5000 - 1024);
  expect(meter.quantile(1)).toBe(4999);
});
