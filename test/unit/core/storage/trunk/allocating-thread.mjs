// A thread of shared-space.test.ts: allocates and gives back, and tells the offsets that it kept.

import { SharedTrunkSpace } from "../../../../../core/storage/trunk/shared-space.ts";

self.onmessage = ({ data: { setup, owner, rounds } }) => {
  const space = new SharedTrunkSpace(setup, owner);
  space.onFull = () => space.whileJournalLocked(() => space.journal.advance(space.journal.length));
  const kept = [];
  for (let round = 0; round < rounds; round++) {
    const { block } = space.allocate(0, 256);
    if (round % 4 === 0) kept.push(block.offset);
    else space.release(block);
  }
  self.postMessage(kept);
};
