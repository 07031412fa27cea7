/** Header, banner, and the page that the address names. */
import { useEffect } from "preact/hooks";
import type { Route } from "./lib/route.js";
import { AlertsPage } from "./pages/alerts.jsx";
import { HostPage } from "./pages/host.jsx";
import { NotFoundPage } from "./pages/not-found.jsx";
import { OverviewPage } from "./pages/overview.jsx";
import { Banner } from "./parts/banner.jsx";
import { Header } from "./parts/header.jsx";
import { watch } from "./state/live.js";
import { route } from "./state/router.js";

/** Kept while other pages are shown, so that going back finds the overview as it was. */
let lastMetric: string | undefined;

export function App() {
  const at = route.value;
  useEffect(() => {
    if (at.page === "overview") lastMetric = at.metric;
    const host = at.page === "host" ? { cluster: at.cluster, host: at.host } : {};
    watch({ metric: lastMetric, ...host });
    document.title = titleOf(at);
  }, [at]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header at={at} />
      <main id="main" tabIndex={-1}>
        <Banner />
        <Page at={at} />
      </main>
    </>
  );
}

function Page({ at }: { at: Route }) {
  switch (at.page) {
    case "overview":
      return <OverviewPage at={at} />;
    case "host":
      // Another host is another page: nothing of the former one may stay.
      return <HostPage key={`${at.cluster}\0${at.host}`} at={at} />;
    case "alerts":
      return <AlertsPage />;
    case "not-found":
      return <NotFoundPage what="page" />;
  }
}

function titleOf(at: Route): string {
  if (at.page === "host") return `${at.host} – Grate`;
  if (at.page === "alerts") return "Alerts – Grate";
  return "Grate";
}
