/** Nothing here, and the way out. */

export function NotFoundPage({ what, detail }: { what: "page" | "host"; detail?: string }) {
  return (
    <section class="empty" data-testid="not-found">
      <h1>There is no such {what}</h1>
      {detail !== undefined && <p>{detail}</p>}
      <p>
        <a href="/">All hosts</a> or <a href="/alerts">all alerts</a>
      </p>
    </section>
  );
}
