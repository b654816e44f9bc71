// `fdfs storage --rebuild-binlog`: writes the binlog of a stopped storage anew and says what was found.

import type { CommandContext } from "./command.ts";
import { ownerOf } from "./owner.ts";
import { storageKind } from "./server-kinds.ts";
import { findRunning } from "./server-process.ts";

export async function rebuildBinlogCommand(conf: string, context: CommandContext): Promise<number> {
  const pid = findRunning(storageKind, conf);
  if (pid !== null) throw new Error(`Cannot rebuild the binlog: the storage runs, pid ${pid}; stop it first`);
  const { settings } = storageKind.load(conf);
  const { rebuildBinlog } = await import("../core/storage/recovery/rebuild-binlog.ts");
  const done = await rebuildBinlog(settings, ownerOf(settings), new Date());
  const lines = [
    `${done.folder} has a new binlog:`,
    `  ${done.confirmed} files that all other storages have`,
    `  ${done.unknown} files that the old binlog did not know; the other storages are offered them once more`,
    `  ${done.waiting} records that some storage still waits for, as they were`,
  ];
  if (done.trunkFiles + done.namelessSlots > 0) {
    lines.push(`  ${done.trunkFiles} files inside trunk files among them, by the old binlog`);
  }
  if (done.namelessSlots > 0) {
    lines.push(
      `${done.namelessSlots} files inside trunk files have no record: their headers do not hold their whole names. They can`,
      "be read by their IDs, and whoever copies the trunk files has them; but new members do not hear of them by name.",
    );
  }
  if (done.leftOut > 0) lines.push(`${done.leftOut} files or links were left out: their names are not FastDFS's`);
  if (done.unusable > 0) lines.push(`${done.unusable} lines of the old binlog could not be read`);
  if (done.kept.length > 0) lines.push(`The old binlog is kept as ${done.kept.join(", ")}`);
  await context.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
