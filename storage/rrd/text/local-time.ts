/** Local time for comments in a dump: "2001-09-09 01:46:40 UTC". */

/** @param timeS seconds since 1970 */
export function localTime(timeS: number): string {
  const date = new Date(timeS * 1_000);
  if (Number.isNaN(date.getTime())) return String(timeS);
  const two = (count: number) => String(count).padStart(2, "0");
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const zone = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" })
    .formatToParts(date)
    .find(({ type }) => type === "timeZoneName")?.value;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone ?? ""}`;
}
