/**
 * Names for addresses, by reverse DNS as gmond does it, but never in anybody's
 * way: questions wait in a queue, two are asked at a time, and one that is not
 * answered in time counts as having no name. While the resolver hangs nobody
 * waits for it: the first ones have found that out for all.
 */
import { lookupService } from "node:dns/promises";
import type { Clock, Timer } from "../../core/base/clock.js";
import { nameFault } from "../../core/model/names.js";

/** @returns the name of an address; undefined where it has none. May reject: that is no name either. */
export type ReverseLookup = (ip: string) => Promise<string | undefined>;

/**
 * By getnameinfo(3), as gmond: it knows all that the machine knows, hosts file
 * and NIS included, and of several names in a hosts file it gives the first one,
 * where a bare DNS resolver gives the others.
 */
export const reverseDns: ReverseLookup = async (ip) => (await lookupService(ip, 0)).hostname;

/** getnameinfo(3) keeps one of the four threads of Node's pool until it returns; files need the others. */
const LOOKUPS_AT_ONCE = 2;
const ANSWER_LIMIT_MS = 5_000;
const KNOWN_FOR_MS = 3_600_000;
const UNKNOWN_FOR_MS = 60_000;
/** As many as a cluster has hosts at most. */
const QUEUE_MAX = 65_536;
const CACHE_MAX = 65_536;

interface Question {
  readonly ip: string;
  readonly answered: ((name: string | undefined) => void)[];
  asked: boolean;
  /** Asked, and nobody waits for the answer any more. */
  givenUp: boolean;
  timer: Timer | undefined;
}

export class HostNamer {
  readonly #clock: Clock;
  readonly #lookup: ReverseLookup;
  readonly #cache = new Map<string, { readonly name: string | undefined; readonly untilMs: number }>();
  /** Not answered yet, in the order in which they came. */
  readonly #open = new Map<string, Question>();
  /** Those of #open that have not been asked yet. */
  readonly #queue: Question[] = [];
  #asking = 0;
  /** Of those, given up: the resolver still has not come back. */
  #hanging = 0;
  /** When the resolver last said anything, monotonic ms. */
  #lastAnswerMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, lookup: ReverseLookup) {
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /** @returns undefined where the address has no usable name or the resolver does not answer. Never rejects. */
  name(ip: string): Promise<string | undefined> {
    const cached = this.#cache.get(ip);
    if (cached !== undefined && cached.untilMs > this.#clock.monotonicMs()) return Promise.resolve(cached.name);
    return new Promise((resolve) => {
      const open = this.#open.get(ip);
      if (open !== undefined) {
        open.answered.push(resolve);
        return;
      }
      if (this.#open.size >= QUEUE_MAX || this.#hanging >= LOOKUPS_AT_ONCE) {
        resolve(undefined);
        return;
      }
      const question: Question = { ip, answered: [resolve], asked: false, givenUp: false, timer: undefined };
      this.#open.set(ip, question);
      this.#queue.push(question);
      this.#wait(question);
      this.#ask();
    });
  }

  /** Answers every open question with undefined; nothing is asked any more. */
  stop(): void {
    this.#queue.length = 0;
    for (const question of [...this.#open.values()]) this.#answer(question, undefined);
  }

  #ask(): void {
    while (this.#asking < LOOKUPS_AT_ONCE) {
      const question = this.#queue.shift();
      if (question === undefined) return;
      // Given up while it waited.
      if (!this.#open.has(question.ip)) continue;
      this.#asking++;
      question.asked = true;
      this.#wait(question);
      const heard = (name: string | undefined) => {
        this.#asking--;
        if (question.givenUp) this.#hanging--;
        this.#lastAnswerMs = this.#clock.monotonicMs();
        this.#answer(question, name);
        this.#ask();
      };
      this.#lookup(question.ip).then(heard, () => heard(undefined));
    }
  }

  #wait(question: Question): void {
    question.timer?.cancel();
    question.timer = this.#clock.setTimer(() => {
      const resolverIsAlive = this.#clock.monotonicMs() - this.#lastAnswerMs < ANSWER_LIMIT_MS;
      // Others are being answered: a thousand hosts that appear at once take their turn.
      if (!question.asked && resolverIsAlive) this.#wait(question);
      else this.#giveUp(question);
    }, ANSWER_LIMIT_MS);
  }

  #giveUp(question: Question): void {
    if (question.asked) {
      question.givenUp = true;
      this.#hanging++;
    }
    this.#answer(question, undefined);
  }

  #answer(question: Question, found: string | undefined): void {
    // Too late: it was given up before.
    if (this.#open.get(question.ip) !== question) return;
    question.timer?.cancel();
    this.#open.delete(question.ip);
    const name = found !== undefined && nameFault(found) === undefined ? found : undefined;
    this.#remember(question.ip, name);
    for (const answered of question.answered) answered(name);
  }

  #remember(ip: string, name: string | undefined): void {
    this.#cache.delete(ip);
    const keepMs = name === undefined ? UNKNOWN_FOR_MS : KNOWN_FOR_MS;
    this.#cache.set(ip, { name, untilMs: this.#clock.monotonicMs() + keepMs });
    if (this.#cache.size > CACHE_MAX) this.#cache.delete(this.#cache.keys().next().value as string);
  }
}
