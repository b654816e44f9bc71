// What each tracker says by itself: all are asked at once, and one that fails says why.

import { afterEach, expect, test } from "bun:test";
import { captured, response, Stage } from "./fake-cluster.ts";

const stage = new Stage();
afterEach(() => stage.close());

const [STATUS, GROUPS, STORAGES, LEADER] = [64, 91, 92, 95];
/** One group (captured), one storage of zeros but its id. */
const groups = Buffer.from(captured("tracker.md §10.6").response, "hex");
const storage = Buffer.alloc(487);
storage.write("127.0.0.52", 2);

/** is_leader u8, then running time and restart interval i64 (tracker.md §7.2). */
function status(isLeader: boolean, runningTime: number): Buffer {
  const body = Buffer.alloc(17);
  body[0] = isLeader ? 1 : 0;
  body.writeBigInt64BE(BigInt(runningTime), 1);
  return response(body);
}

const tracker = (answers: Record<number, Buffer>) => stage.server((request) => answers[request[8]!] ?? response("", 2));

test("a leader, a follower, a fresh one, an old one and a dead one", async () => {
  const lists = { [GROUPS]: groups, [STORAGES]: response(storage) };
  const leader = await tracker({
    ...lists,
    [STATUS]: status(true, 900),
    [LEADER]: response(Buffer.from("10.0.0.1:22122")),
  });
  const follower = await tracker({
    ...lists,
    [STATUS]: status(false, 300),
    [LEADER]: response(Buffer.from("10.0.0.1:22122")),
  });
  const fresh = await tracker({ [GROUPS]: response("") });
  const old = await tracker({ ...lists, [STATUS]: status(true, 0), [LEADER]: response("", 22) });
  const places = [leader, follower, fresh, old, await stage.nobody()];
  const views = await Promise.all(stage.client(places).trackerViews());
  expect(views.map(({ tracker: { host, port } }) => ({ host, port }))).toEqual(
    places.map(({ host, port }) => ({ host, port })),
  );
  expect(views.map(({ failure }) => failure)).toEqual([null, null, null, null, "connection refused"]);
  expect(views.map(({ isLeader }) => isLeader)).toEqual([true, false, false, true, false]);
  expect(views.map((view) => view.leader)).toEqual(["10.0.0.1:22122", "10.0.0.1:22122", null, null, null]);
  expect(views.map(({ runningTimeSeconds }) => runningTimeSeconds)).toEqual([900, 300, null, 0, null]);
  expect(
    views.map((view) => view.groups.map(({ group, storages }) => [group.groupName, storages.map(({ id }) => id)])),
  ).toEqual([[["group1", ["127.0.0.52"]]], [["group1", ["127.0.0.52"]]], [], [["group1", ["127.0.0.52"]]], []]);
});
