// One cell of the trunk section as measured: medians of the rounds for each contender, and whether their files lie where
// they should.

import type { Figures } from "./row.ts";

export interface PlacedFigures extends Figures {
  /** IDs that were looked at. */
  readonly files: number;
  /** Those of them that are not inside a trunk file and should be, or the reverse. */
  readonly misplaced: number;
}

/** Ours with trunk files, ours without, C's with trunk files. */
export type TrunkContender = "trunk" | "plain" | "cTrunk";

export interface TrunkRow extends Record<Exclude<TrunkContender, "cTrunk">, PlacedFigures> {
  readonly cell: string;
  /** null: not measured. */
  readonly cTrunk: PlacedFigures | null;
}

export interface TrunkSection {
  readonly rounds: number;
  readonly rows: readonly TrunkRow[];
}

const titles: Readonly<Record<TrunkContender, string>> = { trunk: "ours", plain: "ours, plain", cTrunk: "C" };

/** Whose files were not where they should be, so that nothing was measured; empty when all were. */
export function misplacedIn(row: TrunkRow): string {
  const said: string[] = [];
  for (const name of ["trunk", "plain", "cTrunk"] as const) {
    const figures = row[name];
    if (figures === null || (figures.files > 0 && figures.misplaced === 0)) continue;
    const place = name === "plain" ? "plain" : "in trunk files";
    const found = figures.files === 0 ? "there are no files" : `${figures.misplaced} of ${figures.files} files are not`;
    said.push(`${titles[name]}: ${found} ${place}`);
  }
  return said.join("; ");
}
