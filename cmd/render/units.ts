// Numbers as people read them, in the exact forms of the C release's monitor (http-config-tools.md §4.3): sizes, delays,
// local times. Pure.

const UNITS = ["K", "M", "G", "T", "P", "E"] as const;
const MIB = 1024 * 1024;

/** "2.5 GB", "252 GB", "17  B": one decimal below ten units, else a rounded whole number; base 1024. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}  B`;
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const oneDecimal = value.toFixed(1);
  // 9.96 rounds to 10.0, which has two digits before the point and so none behind it.
  const text = Number(oneDecimal) < 10 ? oneDecimal : value.toFixed(0);
  return `${text} ${UNITS[unit]}B`;
}

/** A size the tracker reports in whole MB. */
export function formatMegabytes(megabytes: number): string {
  return formatBytes(megabytes * MIB);
}

/** "1 day 2 hours 3 seconds": parts that are zero are left out; nothing at all is "0 second". */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, seconds);
  const parts = (
    [
      [Math.floor(total / 86400), "day"],
      [Math.floor((total % 86400) / 3600), "hour"],
      [Math.floor((total % 3600) / 60), "minute"],
      [total % 60, "second"],
    ] as const
  ).filter(([count]) => count > 0);
  if (parts.length === 0) return "0 second";
  return parts.map(([count, name]) => `${count} ${name}${count === 1 ? "" : "s"}`).join(" ");
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Unix seconds as `YYYY-MM-DD hh:mm:ss` in local time. */
export function formatTime(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
