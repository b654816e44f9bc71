// What the control thread tells the workers of the trunk server of the group (notice "trunk"): text in shared memory.

/** The storage that hands out slots. */
interface TrunkServerAddress {
  readonly id: string;
  readonly ipAddress: string;
  readonly port: number;
}

export interface TrunkNotice {
  /** Counts the announcements of the leading tracker. */
  readonly term: number;
  /** This storage is the trunk server (it may still be loading, or suspended: see the shared space's term). */
  readonly isSelf: boolean;
  /** Null: the group has none now. */
  readonly server: TrunkServerAddress | null;
  /** Old trunk binlogs that TRUNCATE keeps. */
  readonly binlogMaxBackups: number;
}

export function formatTrunkNotice(notice: TrunkNotice): string {
  const { server } = notice;
  const address = server === null ? null : { id: server.id, ipAddress: server.ipAddress, port: server.port };
  return JSON.stringify({ ...notice, server: address } satisfies TrunkNotice);
}

/** Null while nothing was told: trunk files are not in use. */
export function readTrunkNotice(text: string): TrunkNotice | null {
  return text === "" ? null : (JSON.parse(text) as TrunkNotice);
}
