/** Grids and clusters of which only sums are known: a card each, which leads to no host. */
import type { SumsAnswer } from "../../api/answers.js";
import { formatAge, formatDateTime, formatValue } from "../lib/format.js";
import { safeLink } from "../lib/sums.js";
import { now } from "../state/clock.js";

interface Props {
  readonly sums: readonly SumsAnswer[];
  readonly metric: string | null;
  readonly units: string;
}

export function SumsCards({ sums, metric, units }: Props) {
  return (
    <section class="sums" data-testid="sums">
      <h2>
        Known only in sums
        <span class="quiet"> Their sources tell no hosts, so there are no host pages.</span>
      </h2>
      <ul>
        {sums.map((one) => (
          <Card key={`${one.kind} ${one.name}`} one={one} metric={metric} units={units} />
        ))}
      </ul>
    </section>
  );
}

function Card({ one, metric, units }: { one: SumsAnswer; metric: string | null; units: string }) {
  const { kind, name, source, timeMs, live, up, down, cpus, load1, sum, num } = one;
  const share = load1 === null || !cpus ? null : (load1 / cpus) * 100;
  return (
    <li data-testid="sums-card" data-name={name} data-state={live ? "up" : "silent"}>
      <p>
        <b>{name}</b> <span class="quiet">{kind}</span>
        {!live && (
          <span class="state" data-state="down">
            silent
          </span>
        )}
        <span class="quiet" title={formatDateTime(timeMs)}>
          told {formatAge(now.value - timeMs)} ago
        </span>
      </p>
      <dl>
        <Figure label="Hosts up" value={String(up)} rest={`of ${up + down}`} />
        <Figure label="CPUs" value={formatValue(cpus, "")} />
        <Figure
          label="Load, % of CPUs"
          value={formatValue(load1, "")}
          rest={share === null ? "" : formatValue(share, "%")}
        />
        {metric !== null && (
          <Figure label={`${metric}, mean`} value={formatValue(sum === null || num === 0 ? null : sum / num, units)} />
        )}
      </dl>
      <p class="quiet">
        sums only, from {source} <Pages url={one.url} />
      </p>
    </li>
  );
}

function Figure({ label, value, rest = "" }: { label: string; value: string; rest?: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <b>{value}</b> <span class="quiet">{rest}</span>
      </dd>
    </div>
  );
}

/** In a window of its own: the address may be ours with another path, which is none of our pages. */
function Pages({ url }: { url: string }) {
  const link = safeLink(url);
  if (link === undefined) return <span>{url}</span>;
  return (
    <a href={link.href} target="_blank" rel="noreferrer" title={link.href}>
      {link.host}
    </a>
  );
}
