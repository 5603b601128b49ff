/** The library as the page knows it: the list on screen, what the scan does, whether the server is there. */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import { Listing } from "./listing";
import type { Scope } from "./scope";

/** Lost: the next try comes after `wait_s`, or runs (0). */
export type Connection = { name: "connecting" } | { name: "open" } | { name: "lost"; wait_s: number };

/** Longest pause between two tries to reach the server, in seconds. */
const LONGEST_WAIT_S = 15;
/** Pause before a keystroke asks the server, in ms: below what feels late, above a fast typist's pace. */
const TYPING_MS = 90;
/** News of measured tracks are gathered for so long, in ms, before the rows are asked for again. */
const NEWS_MS = 400;

const NO_SCAN: api.Scan = {
  state: "idle", found: 0, unchanged: 0, read: 0, measured: 0, failed: 0, waiting: 0, missing: 0, composing: null,
};

export interface Library {
  readonly listing: ReadonlySignal<Listing>;
  readonly filter: ReadonlySignal<string>;
  readonly order: ReadonlySignal<api.Order>;
  readonly scan: ReadonlySignal<api.Scan | null>;
  readonly connection: ReadonlySignal<Connection>;
  /** Tells of every measured or failed track; the answer stops it. */
  on_track(hear: (track_id: string) => void): () => void;
  /** Tells when tracks came or went; the answer stops it. */
  on_change(hear: () => void): () => void;
  /** Tells of every track whose plans promise more truly than before; the answer stops it. */
  on_trim(hear: (track_id: string) => void): () => void;
  set_filter(text: string): void;
  /** Orders by a column; by the same one again, the other way round. */
  order_by(column: api.Column): void;
  start_scan(): Promise<void>;
  retry_faults(): Promise<void>;
  forget_missing(): Promise<void>;
  reconnect(): void;
}

export function library(scope: Scope): Library {
  const filter = signal("");
  const order = signal<api.Order>({ by: "album", descending: false });
  const connection = signal<Connection>({ name: "connecting" });
  const scan = signal<api.Scan | null>(null);
  const listing = signal(new Listing({ q: "", order: order.peek() }, scope));
  const hearers = new Set<(track_id: string) => void>();
  const change_hearers = new Set<() => void>();
  const trim_hearers = new Set<(track_id: string) => void>();
  let cancel_typing = () => {};
  let cancel_news: (() => void) | null = null;
  let cancel_retry = () => {};
  let socket: WebSocket | null = null;
  let n_tries = 0;

  const follow = (work: Promise<unknown>) =>
    work.then(reached, (problem: unknown) => {
      if (problem instanceof api.Problem && problem.next === "reconnect") lost();
      else if (!scope.ended) reached();
    });

  function reached() {
    if (connection.peek().name === "connecting") connection.value = { name: "open" };
  }

  function lost() {
    const now = connection.peek();
    if (scope.ended || (now.name === "lost" && now.wait_s > 0)) return;
    const wait_s = Math.min(LONGEST_WAIT_S, 2 ** n_tries);
    n_tries += 1;
    connection.value = { name: "lost", wait_s };
    cancel_retry();
    cancel_retry = scope.timeout(wait_s * 1000, reconnect);
  }

  /** Asks whether the server is there, and takes everything up again if so. */
  function reconnect() {
    cancel_retry();
    if (connection.peek().name === "lost") connection.value = { name: "lost", wait_s: 0 };
    api.health(scope.signal).then(
      () => {
        n_tries = 0;
        connection.value = { name: "open" };
        if (is_wanted(listing.peek())) refresh();
        else renew();
        open_socket();
      },
      () => lost(),
    );
  }

  function refresh() {
    follow(listing.peek().refresh());
    api.scan(scope.signal).then(
      (now) => (scan.value = now),
      () => {},
    );
  }

  const is_wanted = (one: Listing) => one.query.q === filter.peek().trim() && one.query.order === order.peek();

  /** Opens a fresh list in place of the one shown, which stays on screen until the new one is there. */
  function renew() {
    const fresh = new Listing({ q: filter.peek().trim(), order: order.peek() }, scope);
    const show = () => {
      if (is_wanted(fresh)) listing.value = fresh;
    };
    follow(
      fresh.at(0).then(show, (problem: unknown) => {
        if (listing.peek().phase.peek().name === "failed") show();
        throw problem;
      }),
    );
  }

  function hear(news: api.News) {
    if (news.event === "scan") {
      const { event: _, ...now } = news;
      // The event tells how reading goes; how many are measured is told by what was asked last.
      scan.value = { ...(scan.peek() ?? NO_SCAN), ...now };
    } else if (news.event === "trimmed") {
      for (const tell of [...trim_hearers]) tell(news.track_id);
    } else {
      if (news.event === "library") for (const tell of [...change_hearers]) tell();
      else for (const tell of [...hearers]) tell(news.track_id);
      cancel_news ??= scope.timeout(NEWS_MS, () => {
        cancel_news = null;
        refresh();
      });
    }
  }

  function open_socket() {
    if (socket && socket.readyState <= WebSocket.OPEN) return;
    const own = scope.child();
    const ws = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    socket = ws;
    own.own(() => ws.close());
    own.listen<MessageEvent>(ws, "message", (message) => {
      const news = parse_news(message.data);
      if (news) hear(news);
    });
    own.listen(ws, "close", () => {
      own.end();
      if (scope.ended) return;
      // A server that answers but closed the socket is not lost: it is asked again, a little later.
      api.health(scope.signal).then(
        () => scope.timeout(LONGEST_WAIT_S * 1000, reconnect),
        () => lost(),
      );
    });
  }

  scope.listen(window, "online", reconnect);
  follow(listing.peek().at(0));
  api.scan(scope.signal).then(
    (now) => (scan.value = now),
    () => {},
  );
  open_socket();

  return {
    listing,
    filter,
    order,
    scan,
    connection,
    on_track(tell) {
      hearers.add(tell);
      return () => hearers.delete(tell);
    },
    on_change(tell) {
      change_hearers.add(tell);
      return () => change_hearers.delete(tell);
    },
    on_trim(tell) {
      trim_hearers.add(tell);
      return () => trim_hearers.delete(tell);
    },
    set_filter(text) {
      filter.value = text;
      cancel_typing();
      cancel_typing = scope.timeout(TYPING_MS, renew);
    },
    order_by(column) {
      const now = order.peek();
      order.value = { by: column, descending: now.by === column && !now.descending };
      renew();
    },
    async start_scan() {
      await api.start_scan(scope.signal);
      refresh();
    },
    async forget_missing() {
      await api.forget_missing(scope.signal);
      refresh();
    },
    async retry_faults() {
      await api.retry_faults(scope.signal);
      refresh();
    },
    reconnect,
  };
}

function parse_news(data: unknown): api.News | null {
  if (typeof data !== "string") return null;
  try {
    const news = JSON.parse(data) as api.News;
    return typeof news === "object" && news !== null && typeof news.event === "string" ? news : null;
  } catch {
    return null;
  }
}
