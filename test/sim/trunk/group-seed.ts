// One run of a group of three storages in trunk mode: uploads, deletions, crashes, links that fail, a role that moves, and two
// storages that both believe to have it. At the end every file that was acknowledged and not deleted is on every storage.

import { Group } from "./group.ts";
import { Operations } from "./operations.ts";
import { SimNode } from "./sim-node.ts";
import { ALL_RULES, type TrunkRules } from "./trunk-rules.ts";

const NODES = ["a", "b", "c"];
const STEPS = 9000;
const CALM_STEPS = 2000;
const PATIENCE_STEPS = 400_000;

export interface GroupResult {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly trace: readonly string[];
  /** Files that are there at the end. */
  readonly files: number;
  /** Moments at which two storages handed out slots. */
  readonly twoServers: number;
  /** Files that lie beside their slots at the end, on all storages. */
  readonly strays: number;
}

export async function runGroupSeed(
  seed: number,
  rules: TrunkRules = ALL_RULES,
  isTraced = false,
): Promise<GroupResult> {
  const group = new Group(seed, rules, isTraced);
  const { random } = group;
  const operations = new Operations(group);
  const start = (node: SimNode): void => {
    node.start();
    for (const peer of group.nodes) if (peer !== node) group.start(node, operations.deliver(node, peer));
  };
  for (const [index, name] of NODES.entries()) group.nodes.push(new SimNode(name, index + 1, group));
  for (const node of group.nodes) start(node);
  let twoServers = 0;
  for (let step = 0; step < STEPS; step++) {
    await group.step();
    if (group.nodes.filter(({ isServer }) => isServer).length > 1) twoServers++;
    const node = random.pick(group.nodes);
    if (random.chance(0.02) && node.isUp) group.start(node, operations.upload(node));
    if (random.chance(0.012) && node.isUp) {
      const live = [...group.acknowledged].filter(([, content]) => content !== null);
      if (live.length > 0) group.start(node, operations.delete(node, random.pick(live)[0]));
    }
    if (random.chance(0.0004) && node.isUp) node.crash();
    if (random.chance(0.004) && !node.isUp) start(node);
    if (random.chance(0.001)) group.cut(node, "leader", random.between(100, 1500));
    if (random.chance(0.001)) group.cut(node, random.pick(group.nodes), random.between(100, 1500));
    if (random.chance(0.0005)) group.appoint(node);
  }
  group.isHealed = true;
  for (const node of group.nodes) if (!node.isUp) start(node);
  await settle(group);
  check(group);
  const files = [...group.acknowledged.values()].filter((content) => content !== null).length;
  const strays = group.nodes.reduce((sum, { disk }) => sum + [...disk.files.keys()].filter(isTrunkName).length, 0);
  return { seed, problems: group.problems, trace: group.trace, files, twoServers, strays };
}

const isTrunkName = (name: string): boolean => name.length === 60;

async function settle(group: Group): Promise<void> {
  const calmFrom = group.now;
  const isQuiet = (): boolean =>
    group.nodes.every(
      (node) =>
        node.uploads === 0 &&
        group.nodes.every((peer) => peer === node || (node.marks.get(peer) ?? 0) === node.binlog.length),
    );
  while (group.now < calmFrom + CALM_STEPS || !isQuiet()) {
    await group.step();
    if (group.now > calmFrom + PATIENCE_STEPS) {
      group.complain("records do not reach the others");
      return;
    }
  }
}

function check(group: Group): void {
  for (const [name, content] of group.acknowledged) {
    if (content === null) continue;
    for (const node of group.nodes) {
      const seen = node.disk.read(name);
      if (seen === null) group.complain(`${node.name} has lost ${name}`);
      else if (Buffer.compare(seen, content) !== 0) group.complain(`${node.name} has other bytes in ${name}`);
    }
  }
}
