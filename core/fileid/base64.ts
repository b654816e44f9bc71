// The base64 of file names: alphabet A-Z a-z 0-9 - _, no padding written (storage.md §4.2). Works on small fixed blocks
// without allocation beyond the result.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CHARACTERS = Array.from(ALPHABET);
const VALUES = new Int8Array(256).fill(-1);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** Encodes `bytes` without padding: 20 bytes give 27 characters. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += CHARACTERS[group >>> 18]! + CHARACTERS[(group >>> 12) & 63]!;
    if (at + 1 < bytes.length) text += CHARACTERS[(group >>> 6) & 63]!;
    if (at + 2 < bytes.length) text += CHARACTERS[group & 63]!;
  }
  return text;
}

/** Decodes `length` bytes from the text at `start`; false when a character is outside the alphabet or missing. */
export function decodeBase64Into(target: Uint8Array, text: string, start: number): boolean {
  let at = start;
  for (let index = 0; index < target.length; index += 3) {
    const wanted = Math.min(3, target.length - index);
    let group = 0;
    for (let digit = 0; digit < 4; digit++) {
      let value = 0;
      if (digit <= wanted) {
        const code = text.charCodeAt(at++);
        value = code < 256 ? VALUES[code]! : -1;
        if (!(value >= 0)) return false;
      }
      group = (group << 6) | value;
    }
    target[index] = group >>> 16;
    if (wanted > 1) target[index + 1] = group >>> 8;
    if (wanted > 2) target[index + 2] = group;
  }
  return true;
}
