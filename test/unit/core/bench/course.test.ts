// The course of a load: which operations count, also when two threads end theirs as the page turns.

import { expect, test } from "bun:test";
import { Worker } from "node:worker_threads";
import { Course, createCourseMemory } from "../../../../core/bench/course.ts";
import type { LoadPlan } from "../../../../core/bench/plan.ts";

const plan = (warmUp: number, operations: number): LoadPlan =>
  ({ warmUp: { operations: warmUp }, extent: { operations }, pids: [] }) as unknown as LoadPlan;

test("so many warm up, so many count, and no more may start", () => {
  const memory = createCourseMemory(plan(2, 3));
  const [one, two] = [new Course(memory, plan(2, 3)), new Course(memory, plan(2, 3))];
  const counted: boolean[] = [];
  for (let turn = 0; one.takeTurn(); turn++) counted.push((turn % 2 === 0 ? one : two).completed());
  expect(counted).toEqual([false, false, true, true, true]);
  expect([one.hasEnded, two.takeTurn(), two.completed()]).toEqual([true, false, false]);
  expect(one.span()?.seconds).toBeGreaterThan(0);
});

test("one that ends while another thread turns the page counts", async () => {
  const memory = createCourseMemory(plan(1, 2));
  const course = new Course(memory, plan(1, 2));
  // The other thread has ended the last operation of the warm-up and notes the time.
  const cells = new Int32Array(memory, memory.byteLength - 5 * 4);
  cells[1] = 0;
  const code =
    "const { workerData } = require('node:worker_threads');" + "setTimeout(() => Atomics.store(workerData, 0, 1), 30);";
  const other = new Worker(code, { eval: true, workerData: cells });
  await new Promise((resolve) => other.once("online", resolve));
  expect(course.completed()).toBe(true);
  expect(cells[2]).toBe(1);
  await other.terminate();
});
