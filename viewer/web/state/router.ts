/** The page that is shown, as a signal over the address bar. */
import { signal } from "@preact/signals";
import { formatRoute, type OverviewRoute, parseRoute, type Route } from "../lib/route.js";

export const route = signal<Route>(current());

function current(): Route {
  return parseRoute(location.pathname, location.search);
}

/** @param replace without a step for the back button: for what changes with every key */
export function go(to: Route | string, replace = false): void {
  const url = typeof to === "string" ? to : formatRoute(to);
  const samePage = new URL(url, location.href).pathname === location.pathname;
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  route.value = current();
  if (!samePage) {
    scrollTo(0, 0);
    // Whoever listens instead of looking is told where they are.
    queueMicrotask(() => document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true }));
  }
}

/** The overview with some of its choices changed. */
export function choose(changes: Partial<OverviewRoute>, replace = false): void {
  const at = route.value;
  if (at.page === "overview") go({ ...at, ...changes } as OverviewRoute, replace);
}

/** Links within the pages are followed without loading anything anew. */
export function startRouter(): void {
  addEventListener("popstate", () => {
    route.value = current();
  });
  document.addEventListener("click", (event) => {
    const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || event.button !== 0 || modified || !(event.target instanceof Element)) return;
    const link = event.target.closest("a");
    if (link === null || link.origin !== location.origin || link.target !== "" || link.pathname.startsWith("/api/")) {
      return;
    }
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
