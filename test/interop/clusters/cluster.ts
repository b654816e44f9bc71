/**
 * The shape of a running cluster under test, the same for every mix of servers.
 * It owns names only: how programs are started is in the launchers beside it.
 */

/** Which programs play a part: the C ones named by FDFS_PEER_BIN, or our compiled binary. */
export type Maker = "c" | "fdfs";

/** A server process of the cluster and where it keeps its things. */
export interface ServerNode {
  readonly maker: Maker;
  readonly host: string;
  readonly port: number;
  /** Absolute path of its configuration file. */
  readonly confPath: string;
  readonly basePath: string;
}

export interface StorageNode extends ServerNode {
  readonly storePaths: readonly string[];
}

export interface Cluster {
  readonly name: string;
  readonly trackerHost: string;
  readonly trackerPort: number;
  readonly tracker: ServerNode;
  readonly storages: readonly StorageNode[];
  readonly groupName: string;
  /** Absolute path of a client.conf naming the tracker. */
  readonly clientConf: string;
  /** Temporary folder of the cluster; removed by `stop`. */
  readonly folder: string;
  /** What every server printed and logged so far. */
  logs(): string;
  /** Ends storage `index` and starts `maker`'s storage on the same configuration and folders; resolves when ACTIVE. */
  replaceStorage(index: number, maker: Maker): Promise<void>;
  /** Ends all servers by pid and removes the folder. */
  stop(): Promise<void>;
}

/** How many storages, and how large, a launcher shall start. */
export interface ClusterOptions {
  readonly storageCount?: number;
  readonly storePathCount?: number;
  /** Turns use_storage_id on and gives every storage an id of its own, beginning with 100001. */
  readonly storageIds?: boolean;
  /** Appended to tracker.conf and storage.conf as they are. */
  readonly extraTrackerConf?: string;
  readonly extraStorageConf?: string;
}
