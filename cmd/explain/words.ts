// Numbers and lists as they stand in the middle of a sentence. Pure.

import { formatBytes, formatDuration, formatTime } from "../render/units.ts";

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** "a", "a and b", "a, b and c". */
export function listing(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** "4 minutes 3 seconds"; whole seconds, of long times only the two largest parts. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 1) return "less than a second";
  const whole = formatDuration(Math.round(seconds));
  return whole === "0 second" ? "0 seconds" : whole.split(" ").slice(0, 4).join(" ");
}

/** "2026-11-21 09:00:00 (4 minutes ago)". */
export function moment(unixSeconds: number, now: number): string {
  const age = now - unixSeconds;
  if (age === 0) return `${formatTime(unixSeconds)} (just now)`;
  return `${formatTime(unixSeconds)} (${age < 0 ? `${duration(-age)} from now` : `${duration(age)} ago`})`;
}

export const bytes = (count: number): string => formatBytes(Math.max(0, Math.round(count))).replace("  ", " ");

/** "12345 bytes (12 KB)". */
export const exactBytes = (count: number): string =>
  count < 1024 ? plural(count, "byte") : `${count} bytes (${bytes(count)})`;

export const hex8 = (crc32: number): string => (crc32 >>> 0).toString(16).padStart(8, "0");

/** A reason from elsewhere as the end of a sentence. */
export const ended = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** The same as its beginning. */
export const begun = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
