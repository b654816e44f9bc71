// The whole cluster from one tracker: every group with its storages.

import type { FdfsClient } from "../core/client/index.ts";
import type { GroupState } from "./render/cluster-text.ts";

export async function readGroups(client: FdfsClient): Promise<GroupState[]> {
  const groups = await client.listGroups();
  return Promise.all(groups.map(async (group) => ({ group, storages: await client.listStorages(group.groupName) })));
}
