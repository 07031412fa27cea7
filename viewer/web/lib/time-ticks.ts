/** What stands under the time axis: one line, in 24 hours, with the date where a day begins. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const DAY_S = 86_400;
const MINUTE_S = 60;

/**
 * @param splitsS epoch seconds, rising
 * @param stepS distance between two
 */
export function timeTicks(splitsS: readonly number[], stepS: number): string[] {
  return splitsS.map((splitS, i) => {
    const date = new Date(splitS * 1_000);
    const previous = splitsS[i - 1];
    const newDay = previous !== undefined && new Date(previous * 1_000).getDate() !== date.getDate();
    if (stepS >= DAY_S * 28) return `${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
    if (stepS >= DAY_S || newDay) return `${date.getDate()} ${MONTHS[date.getMonth()]}`;
    const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
    return stepS >= MINUTE_S ? minutes : `${minutes}:${two(date.getSeconds())}`;
  });
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
