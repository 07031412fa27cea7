/**
 * What the server tells by itself: one event stream for each page that is looked
 * at, polling where no stream can be had. Data goes into the signals here.
 */
import { signal } from "@preact/signals";
import type { CollectorLink, HostTick, OverviewAnswer, TickEvent } from "../../api/answers.js";
import { applyTick } from "../lib/apply-tick.js";
import { getOverview } from "./api.js";
import { learnTime } from "./clock.js";

/** live: the stream is open. polling: asked for every now and then. offline: the viewer does not answer. */
export type Liveness = "starting" | "live" | "polling" | "offline";

export const liveness = signal<Liveness>("starting");
export const overview = signal<OverviewAnswer | undefined>(undefined);
export const link = signal<CollectorLink | undefined>(undefined);
/** Grows when alerts changed, for the pages that show them. */
export const alertsVersion = signal(0);
/** Grows when something may have been missed: pages read their own data again. */
export const missed = signal(0);
export const hostTick = signal<HostTick | undefined>(undefined);

/** What is asked for when no stream comes about: about one frame. */
const POLL_MS = 15_000;
/** A stream that was refused is tried again after this long. */
const RETRY_STREAM_MS = 60_000;
/** The server's heart beats every 15 s, but comments do not show here; ticks come every 10 s. */
const SILENCE_MS = 45_000;

export interface Interest {
  readonly metric: string | undefined;
  readonly cluster?: string;
  readonly host?: string;
}

let interest: Interest = { metric: undefined };
let stream: EventSource | undefined;
/** What the open stream tells the values of. */
let streamMetric: string | null | undefined;
let pollTimer: ReturnType<typeof setTimeout> | undefined;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setTimeout> | undefined;
/** Grows with each question: an answer to an older one is thrown away. */
let asked = 0;

/** Call it for every page that opens; the same interest again changes nothing. */
export function watch(wanted: Interest): void {
  const same = JSON.stringify(wanted) === JSON.stringify(interest);
  const first = liveness.peek() === "starting" && overview.peek() === undefined;
  if (same && !first) return;
  const sameMetric = wanted.metric === interest.metric;
  interest = wanted;
  hostTick.value = undefined;
  if (!sameMetric || overview.peek() === undefined) void refresh().then(openStream);
  else openStream();
}

export function startLive(): void {
  document.addEventListener("visibilitychange", () => {
    // A browser holds six connections to one server: hidden tabs must not take them all.
    if (document.hidden) closeStream();
    else openStream();
  });
}

/** Reads the whole again. */
export async function refresh(): Promise<void> {
  const mine = ++asked;
  try {
    const answer = await getOverview(interest.metric);
    if (mine !== asked) return;
    overview.value = answer;
    link.value = answer.collector;
    if (liveness.peek() === "offline" || liveness.peek() === "starting") liveness.value = "polling";
    // The first metric of all may have come after the stream was opened.
    if (stream !== undefined && (interest.metric ?? answer.metric) !== streamMetric) openStream();
  } catch {
    if (mine === asked) liveness.value = "offline";
  }
}

function openStream(): void {
  closeStream();
  if (document.hidden) return;
  const parameters = new URLSearchParams();
  const held = overview.peek();
  if (held !== undefined) parameters.set("since", held.version);
  const metric = interest.metric ?? held?.metric;
  streamMetric = metric;
  if (metric) parameters.set("metric", metric);
  if (interest.cluster !== undefined && interest.host !== undefined) {
    parameters.set("cluster", interest.cluster);
    parameters.set("host", interest.host);
  }
  const opened = new EventSource(`/api/v1/events?${parameters}`);
  stream = opened;
  const on = <T>(name: string, take: (data: T) => void) =>
    opened.addEventListener(name, (event) => {
      if (stream !== opened) return;
      heard();
      take(JSON.parse(event.data as string) as T);
    });
  opened.onopen = () => {
    if (stream !== opened) return;
    liveness.value = "live";
    heard();
  };
  opened.onerror = () => {
    if (stream !== opened) return;
    startPolling();
    // CONNECTING: the browser tries again by itself. CLOSED: it was refused and has given up.
    if (opened.readyState === EventSource.CLOSED) {
      clearTimeout(retryTimer);
      retryTimer = setTimeout(openStream, RETRY_STREAM_MS);
    }
  };
  on<TickEvent>("tick", takeTick);
  on<HostTick>("host", (tick) => {
    hostTick.value = tick;
  });
  on("host-gone", () => {
    hostTick.value = undefined;
  });
  on("alerts", () => {
    alertsVersion.value++;
    void refresh();
  });
  on<CollectorLink>("link", (state) => {
    const wasConnected = link.peek()?.connected;
    link.value = state;
    if (wasConnected === false && state.connected) void refresh();
  });
  on("resync", () => {
    missed.value++;
    void refresh();
  });
}

function takeTick(tick: TickEvent): void {
  learnTime(tick.nowMs);
  const held = overview.peek();
  const next = held === undefined ? undefined : applyTick(held, tick);
  if (next === undefined) void refresh();
  else overview.value = next;
}

function closeStream(): void {
  clearTimeout(retryTimer);
  clearTimeout(silenceTimer);
  stopPolling();
  stream?.close();
  stream = undefined;
}

/** A proxy that holds back what comes looks like an open stream on which nothing happens. */
function heard(): void {
  if (pollTimer !== undefined) {
    stopPolling();
    liveness.value = "live";
  }
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(startPolling, SILENCE_MS);
}

function startPolling(): void {
  if (pollTimer !== undefined) return;
  liveness.value = "polling";
  const poll = async () => {
    await refresh();
    missed.value++;
    if (pollTimer !== undefined) pollTimer = setTimeout(poll, POLL_MS);
  };
  // Not at once: a stream that was cut is mostly back within a moment.
  pollTimer = setTimeout(poll, 1_000);
}

function stopPolling(): void {
  clearTimeout(pollTimer);
  pollTimer = undefined;
}
