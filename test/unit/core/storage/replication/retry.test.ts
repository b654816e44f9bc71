// What becomes of a record that is refused.

import { expect, test } from "bun:test";
import { afterFailure, afterRefusal } from "../../../../../core/storage/replication/retry.ts";
import { Status } from "../../../../../core/wire/status.ts";

test("a bad record is tried six times over some fifteen seconds, then set aside", () => {
  const verdicts = [0, 1, 2, 3, 4, 5].map((attempts) => afterRefusal(Status.EINVAL, attempts));
  expect(verdicts.map((verdict) => (verdict.kind === "again" ? verdict.afterMs : verdict.kind))).toEqual([
    500,
    1000,
    2000,
    4000,
    8000,
    "set-aside",
  ]);
  expect(afterFailure(0)).toEqual({ kind: "again", afterMs: 500 });
  expect(afterFailure(5)).toEqual({ kind: "set-aside" });
});

test.each([Status.ENOSPC, Status.EIO, Status.EAGAIN, Status.EBUSY, Status.ENOMEM, Status.EROFS, Status.EDQUOT])(
  "a peer in trouble (%d) is no reason to give a record up",
  (status) => {
    for (const attempts of [0, 5, 1000])
      expect(afterRefusal(status, attempts)).toEqual({ kind: "again", afterMs: 5000 });
  },
);
