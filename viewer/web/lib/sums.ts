/** What cards of grids and clusters without hosts show. */
import type { SumsAnswer } from "../../api/answers.js";
import type { OverviewRoute } from "./route.js";

/** They have no hosts to find, no values to be overdue and no alerts; what they have is a name, hosts up and hosts down. */
export function shownSums(
  sums: readonly SumsAnswer[],
  { cluster, filter, search }: Pick<OverviewRoute, "cluster" | "filter" | "search">,
): readonly SumsAnswer[] {
  const wanted = search.trim().toLowerCase();
  return sums.filter(
    ({ name, up, down }) =>
      (cluster === undefined || cluster === name) &&
      name.toLowerCase().includes(wanted) &&
      (filter === "all" || (filter === "up" && up > 0) || (filter === "down" && down > 0)),
  );
}

/**
 * Addresses come from the network: `javascript:` must never become a link, and
 * `http://bank.example@elsewhere/` not look like another one.
 * @returns where it leads, as a browser understands it; undefined for what is no plain web address
 */
export function safeLink(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username + url.password === "" ? url : undefined;
}
