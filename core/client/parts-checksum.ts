// CRC-32 of a whole from the CRC-32s of its pieces, so that a file fetched in pieces out of order is checked without being
// read again. Arithmetic only: what a CRC is compared with is its caller's business.

/** CRC-32 of zlib and PNG, bit-reversed (storage.md §4.5): bit 31 of a number stands for x^0. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;
/** x^8: one byte further. */
const BYTE = 0x00800000;

/** Product of two polynomials modulo the CRC's. */
function product(left: number, right: number): number {
  let sum = 0;
  let shifted = right;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((left & bit) !== 0) sum ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL;
  }
  return sum >>> 0;
}

/** CRC-32 of `first` followed by `second`, which is `secondBytes` long. Unsigned. */
export function joinCrc32(first: number, second: number, secondBytes: number): number {
  let factor = ONE;
  let power = BYTE;
  for (let count = secondBytes; count > 0; count = Math.floor(count / 2)) {
    if (count % 2 === 1) factor = product(factor, power);
    power = product(power, power);
  }
  return (product(factor, first) ^ second) >>> 0;
}
