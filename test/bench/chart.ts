// The grid as an SVG chart: for each cell a bar of throughput and a thin bar of CPU time for each operation, both as
// multiples of C's. Its colours are readable on a white and on a dark page; it has no background and no fonts of its own.

import type { Row } from "./row.ts";

const LEFT = 170;
const RIGHT = 110;
const TOP = 62;
const ROW_HEIGHT = 27;
const BAR_HEIGHT = 13;
const THIN_HEIGHT = 5;
const UNIT = 110;
/** Longer bars are cut; their number stands beside them. */
const MOST = 4;
const INK = "#7d8590";
const AHEAD = "#2da06a";
const BEHIND = "#d9822b";
const CPU = "#5b8def";

/** Empty without rows that have a C side. */
export function chartText(rows: readonly Row[]): string {
  const compared = rows.filter(({ c }) => c !== null);
  if (compared.length === 0) return "";
  const width = LEFT + MOST * UNIT + RIGHT;
  const height = TOP + compared.length * ROW_HEIGHT + 14;
  const bars = compared.map((row, index) => barsOf(row, TOP + index * ROW_HEIGHT));
  const axis = Array.from({ length: MOST + 1 }, (_, times) => {
    const x = LEFT + times * UNIT;
    const dash = times === 1 ? "" : ` stroke-dasharray="2 4" stroke-opacity="0.5"`;
    return `<line x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${height - 8}" stroke="${INK}"${dash}/><text x="${x}" y="${TOP - 11}" text-anchor="middle">${times}x</text>`;
  });
  const legend = [
    text(8, 18, "Relative to C FastDFS on the same disk (C = 1x)", ` font-weight="bold"`),
    rect(8, 28, 22, 9, AHEAD) + rect(32, 28, 22, 9, BEHIND) + text(60, 37, "operations a second: longer is better"),
    rect(300, 30, 46, THIN_HEIGHT, CPU) + text(352, 37, "server CPU an operation: shorter is better"),
  ];
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="${INK}">`;
  const title = "<title>Throughput and CPU time of fdfs relative to C FastDFS</title>";
  return `${[open, title, ...legend, ...axis, ...bars, "</svg>"].join("\n")}\n`;
}

function barsOf({ cell, fdfs, c }: Row, y: number): string {
  const throughput = fdfs.perSecond / c!.perSecond;
  const cpu = fdfs.cpuUs / c!.cpuUs;
  const length = (ratio: number): number => Math.round(Math.min(ratio, MOST) * UNIT);
  const colour = throughput >= 1 ? AHEAD : BEHIND;
  const end = LEFT + Math.max(length(throughput), length(cpu)) + 6;
  return [
    text(LEFT - 8, y + 13, cell, ` text-anchor="end"`),
    rect(LEFT, y, length(throughput), BAR_HEIGHT, colour),
    rect(LEFT, y + BAR_HEIGHT + 1, length(cpu), THIN_HEIGHT, CPU),
    text(end, y + 13, `${throughput.toFixed(2)}x, CPU ${cpu.toFixed(2)}x`),
  ].join("");
}

const text = (x: number, y: number, content: string, more = ""): string =>
  `<text x="${x}" y="${y}"${more}>${content}</text>`;
const rect = (x: number, y: number, width: number, height: number, colour: string): string =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour}"/>`;
