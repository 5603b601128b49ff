/**
 * One list of the server's, fetched page by page as rows are looked at. The list on screen is one; coming
 * back to it finds it as it was left.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import { type List, Problem } from "./api";
import type { Scope } from "./scope";

const PAGE = 100;
/** Most that the server gives at once. */
const MOST = 500;

export type ListingPhase = { name: "loading" } | { name: "ready" } | { name: "failed"; problem: unknown };

/** Gives `limit` items from `offset` on. */
export type Source<T> = (offset: number, limit: number, signal: AbortSignal) => Promise<List<T>>;

export class Listing<T> {
  readonly #total = signal(0);
  readonly #phase = signal<ListingPhase>({ name: "loading" });
  readonly #version = signal(0);
  readonly #pages = new Map<number, T[]>();
  readonly #asked = new Map<number, Promise<void>>();
  /** The pages that were looked at last. */
  #shown: number[] = [];
  /** How far it was scrolled, in px. */
  top = 0;

  constructor(
    private readonly source: Source<T>,
    private readonly scope: Scope,
  ) {}

  get total(): ReadonlySignal<number> {
    return this.#total;
  }

  get phase(): ReadonlySignal<ListingPhase> {
    return this.#phase;
  }

  /** The item in row `i` as far as it is known; reading it in a view follows changes. */
  row(i: number): T | undefined {
    void this.#version.value;
    return this.#pages.get(Math.floor(i / PAGE))?.[i % PAGE];
  }

  /** The item in row `i`, fetched if need be; null past the end. */
  async at(i: number): Promise<T | null> {
    if (i < 0) return null;
    const page = Math.floor(i / PAGE);
    if (!this.#pages.has(page)) await this.#fetch(page);
    return this.#pages.get(page)?.[i % PAGE] ?? null;
  }

  /** The items of the rows from `first` up to before `end`, in as few questions as may be. */
  async between(first: number, end: number): Promise<T[]> {
    const known: T[] = [];
    for (let i = first; i < end; i++) {
      const item = this.#pages.get(Math.floor(i / PAGE))?.[i % PAGE];
      if (item === undefined) break;
      known.push(item);
    }
    const asked: Promise<List<T>>[] = [];
    for (let from = first + known.length; from < end; from += MOST) {
      asked.push(this.source(from, Math.min(MOST, end - from), this.scope.signal));
    }
    return [...known, ...(await Promise.all(asked)).flatMap((list) => list.items)];
  }

  /** Fetches the rows from `first` up to `last` that are not there yet. */
  show(first: number, last: number): void {
    this.#shown = [];
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last) / PAGE); page++) {
      this.#shown.push(page);
      if (!this.#pages.has(page)) this.#fetch(page).catch(() => {});
    }
  }

  /** Asks again for all that was fetched, or for what is around one row and on screen alone: something changed. */
  async refresh(around?: number): Promise<void> {
    const pages = new Set(around === undefined ? [0, ...this.#pages.keys()] : [Math.floor(around / PAGE), ...this.#shown]);
    const old = [...this.#pages.keys()].filter((page) => !pages.has(page));
    this.#asked.clear();
    await Promise.all([...pages].map((page) => this.#fetch(page)));
    // What came on screen meanwhile stays until it is there anew: the keyboard may be on it.
    const seen = old.filter((page) => this.#shown.includes(page));
    for (const page of old) if (!seen.includes(page)) this.#pages.delete(page);
    this.#version.value += 1;
    await Promise.all(seen.map((page) => this.#fetch(page)));
  }

  /** The row of an item, among those fetched. */
  index_of(is_it: (item: T) => boolean): number {
    for (const [page, items] of this.#pages) {
      const i = items.findIndex(is_it);
      if (i >= 0) return page * PAGE + i;
    }
    return -1;
  }

  #fetch(page: number): Promise<void> {
    const asked = this.#asked.get(page);
    if (asked) return asked;
    const answer = this.#load(page);
    this.#asked.set(page, answer);
    const done = () => {
      if (this.#asked.get(page) === answer) this.#asked.delete(page);
    };
    answer.then(done, done);
    return answer;
  }

  async #load(page: number): Promise<void> {
    try {
      const list = await this.source(page * PAGE, PAGE, this.scope.signal);
      this.#pages.set(page, list.items);
      if (this.#total.peek() > list.total) {
        for (const old of this.#pages.keys()) if (old * PAGE >= list.total && old > 0) this.#pages.delete(old);
      }
      this.#total.value = list.total;
      this.#phase.value = { name: "ready" };
      this.#version.value += 1;
    } catch (problem) {
      // Rows that are known stay while there is hope; of what is gone there are none.
      const is_gone = problem instanceof Problem && problem.next === "missing";
      if (!this.scope.ended && (is_gone || this.#pages.size === 0)) this.#phase.value = { name: "failed", problem };
      throw problem;
    }
  }
}
