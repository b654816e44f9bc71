// How a file is cut into pieces and over how many connections they go. Pure: what is known of the file is handed in.

/** A piece below this size is not worth a connection of its own. */
const LEAST_PIECE_BYTES = 16 * 1024 * 1024;
/** What an interruption may cost each connection, and what a slow storage may be behind the others at the end. */
const GREATEST_PIECE_BYTES = 64 * 1024 * 1024;
/** Fast storages then take more pieces than slow ones. */
const PIECES_PER_CONNECTION = 4;

/** A range of what is fetched, counted from its beginning, and how far it has come. */
export interface Piece {
  readonly start: number;
  readonly length: number;
  /** Bytes that were handed on. */
  done: number;
  /** CRC-32 of those. */
  crc32: number;
}

/** Connections for `bytes` when `wanted` are asked for: 1 means that the file is too small to be cut. */
export function connectionsFor(bytes: number, wanted: number, leastPieceBytes = LEAST_PIECE_BYTES): number {
  return Math.max(1, Math.min(wanted, Math.floor(bytes / leastPieceBytes)));
}

/** The pieces of `bytes` in their order. */
export function cut(bytes: number, connections: number, leastPieceBytes = LEAST_PIECE_BYTES): Piece[] {
  const even = Math.ceil(bytes / (connections * PIECES_PER_CONNECTION));
  const size = Math.max(leastPieceBytes, Math.min(even, GREATEST_PIECE_BYTES));
  const pieces: Piece[] = [];
  for (let start = 0; start < bytes; start += size) {
    pieces.push({ start, length: Math.min(size, bytes - start), done: 0, crc32: 0 });
  }
  return pieces;
}
