// The filtered overviews of the stat tools (tracker.md §2.10-§2.12).

import { formatServerAddress } from "../../../conf/index.ts";
import { PROTOCOL_VERSION } from "../../wire/limits.ts";
import { ProtocolError } from "../../wire/protocol-error.ts";
import * as list from "../../wire/tracker-list.ts";
import { hasGroupSpace, reservedMb } from "../cluster/space.ts";
import type { Session } from "./context.ts";

const EQUALS = 0x3d;
const NOT = 0x21;

export function trackerClusterStat(session: Session, body: Uint8Array): void {
  const { filterBy, isActive, isLeader } = list.trackerClusterStat.request.parse(body);
  const { leadership, connections, upTime, now } = session.tracker;
  leadership.requireLeader();
  const own = {
    allocCount: connections.max,
    currentCount: connections.current,
    maxCount: connections.max,
  };
  const trackers = leadership.trackers
    .map((peer) => {
      const host = formatServerAddress({
        hosts: peer.hosts.slice(0, 1),
        port: peer.port,
      });
      const isLeader = peer === leadership.leader;
      const facts = isLeader
        ? { ...own, version: PROTOCOL_VERSION, upTime, lastHeartbeatTime: 0 }
        : {
            ...peer.connections,
            version: peer.version,
            upTime: peer.upTime,
            lastHeartbeatTime: peer.lastPing,
          };
      return {
        host,
        isLeader,
        isActive: leadership.isActive(peer, now()),
        ...facts,
      };
    })
    .filter((tracker) => (filterBy & 1) === 0 || tracker.isActive === isActive)
    .filter((tracker) => (filterBy & 2) === 0 || tracker.isLeader === isLeader);
  session.reply(list.trackerClusterStat, { trackers });
}

export function storageClusterStat(session: Session, body: Uint8Array): void {
  const request = list.storageClusterStatCommand.request.parse(body);
  const { cluster, maxPackageBytes } = session.tracker;
  const { useStorageId, useTrunkFile } = cluster.settings;
  const matches = (status: number): boolean =>
    request.operator === EQUALS ? status === request.status : request.operator === NOT && status !== request.status;
  const storages = cluster.groups.flatMap((group) =>
    group
      .sorted()
      .map((storage) => ({
        id: storage.id,
        host: formatServerAddress({
          hosts: storage.addresses.slice(0, 1),
          port: storage.port,
        }),
        isTrunkServer: group.trunkServerId === storage.id,
        status: storage.status,
        allocCount: storage.stat.connectionAllocCount,
        currentCount: storage.stat.connectionCurrentCount,
        maxCount: storage.stat.connectionMaxCount,
        version: storage.version,
        upTime: storage.upTime,
        lastHeartbeatTime: storage.stat.lastHeartBeatTime,
      }))
      .filter(
        (storage) => (request.filterBy & 1) === 0 || !useTrunkFile || storage.isTrunkServer === request.isTrunkServer,
      )
      .filter((storage) => (request.filterBy & 2) === 0 || matches(storage.status)),
  );
  if (storages.length * list.storageClusterStat.size(16)! > maxPackageBytes)
    throw new ProtocolError("the list is too long");
  session.reply(list.storageClusterStatCommand, {
    useStorageId,
    useTrunkFile,
    storages,
  });
}

export function storageVolumnStat(session: Session, body: Uint8Array): void {
  const request = list.storageVolumnStat.request.parse(body);
  const { settings, groups: all } = session.tracker.cluster;
  const { useTrunkFile, reservedStorageSpace: reserved } = settings;
  const groups = all
    .map((group) => {
      const isDiskAvailable = group.writable.length > 0 && hasGroupSpace(group, reserved);
      const isTrunkAvailable =
        useTrunkFile && group.writable.length > 0 && hasGroupSpace(group, reserved, group.trunkFreeMb);
      const reservedHere = reservedMb(reserved, group.totalMb);
      return {
        groupName: group.name,
        totalMb: group.totalMb,
        freeMb: group.freeMb,
        reservedMb: reservedHere,
        availableMb: isDiskAvailable ? Math.max(0, group.freeMb - reservedHere) : 0,
        trunkFreeMb: isTrunkAvailable ? group.trunkFreeMb : 0,
        isDiskAvailable,
        isTrunkAvailable,
      };
    })
    .filter((group) => (request.filterBy & 1) === 0 || group.isDiskAvailable === request.isDiskAvailable)
    .filter(
      (group) => (request.filterBy & 2) === 0 || !useTrunkFile || group.isTrunkAvailable === request.isTrunkAvailable,
    )
    .filter(
      (group) =>
        (request.filterBy & 4) === 0 || (group.isDiskAvailable || group.isTrunkAvailable) === request.isSpaceAvailable,
    );
  session.reply(list.storageVolumnStat, { useTrunkFile, groups });
}
