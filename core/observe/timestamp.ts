// Local time as the logs print it. The text of the current second is kept: it is made once a second, not once a line.

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

let cachedSecond = -1;
let cachedText = "";

/** "YYYY-MM-DD hh:mm:ss" of a moment in milliseconds. */
export function formatSecond(timeMs: number): string {
  const second = Math.floor(timeMs / 1000);
  if (second !== cachedSecond) {
    const date = new Date(second * 1000);
    cachedText =
      `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
      `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
    cachedSecond = second;
  }
  return cachedText;
}

/** "YYYYMMDD" or, with the time, "YYYYMMDD_hhmmss": the suffixes of rotated logs. */
export function formatSuffix(timeMs: number, withTime: boolean): string {
  const [day, time] = formatSecond(timeMs).split(" ") as [string, string];
  const date = day.replaceAll("-", "");
  return withTime ? `${date}_${time.replaceAll(":", "")}` : date;
}
