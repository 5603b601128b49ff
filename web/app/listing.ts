/**
 * One order of tracks, as a query gives it, fetched page by page as rows are looked at. The list on
 * screen is one; the list that is playing is another as soon as the filter changes.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Scope } from "./scope";

const PAGE = 100;

export type ListingPhase = { name: "loading" } | { name: "ready" } | { name: "failed"; problem: unknown };

export class Listing {
  readonly #total = signal(0);
  readonly #phase = signal<ListingPhase>({ name: "loading" });
  readonly #version = signal(0);
  readonly #pages = new Map<number, api.Track[]>();
  readonly #asked = new Map<number, Promise<void>>();

  constructor(
    readonly query: api.Query,
    private readonly scope: Scope,
  ) {}

  get total(): ReadonlySignal<number> {
    return this.#total;
  }

  get phase(): ReadonlySignal<ListingPhase> {
    return this.#phase;
  }

  /** The track in row `i` as far as it is known; reading it in a view follows changes. */
  row(i: number): api.Track | undefined {
    void this.#version.value;
    return this.#pages.get(Math.floor(i / PAGE))?.[i % PAGE];
  }

  /** The track in row `i`, fetched if need be; null past the end. */
  async at(i: number): Promise<api.Track | null> {
    if (i < 0) return null;
    const page = Math.floor(i / PAGE);
    if (!this.#pages.has(page)) await this.#fetch(page);
    return this.#pages.get(page)?.[i % PAGE] ?? null;
  }

  /** Fetches the rows from `first` up to `last` that are not there yet. */
  show(first: number, last: number): void {
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last) / PAGE); page++) {
      if (!this.#pages.has(page)) this.#fetch(page).catch(() => {});
    }
  }

  /** Asks again for all that was fetched: something in the library changed. */
  async refresh(): Promise<void> {
    const pages = new Set([0, ...this.#pages.keys()]);
    this.#asked.clear();
    await Promise.all([...pages].map((page) => this.#fetch(page)));
  }

  /** The row in which a track stands, among those fetched. */
  index_of(id: string): number {
    for (const [page, tracks] of this.#pages) {
      const i = tracks.findIndex((track) => track.id === id);
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
      const list = await api.tracks(this.query, page * PAGE, PAGE, this.scope.signal);
      this.#pages.set(page, list.items);
      if (this.#total.peek() > list.total) {
        for (const old of this.#pages.keys()) if (old * PAGE >= list.total && old > 0) this.#pages.delete(old);
      }
      this.#total.value = list.total;
      this.#phase.value = { name: "ready" };
      this.#version.value += 1;
    } catch (problem) {
      if (!this.scope.ended && this.#pages.size === 0) this.#phase.value = { name: "failed", problem };
      throw problem;
    }
  }
}
