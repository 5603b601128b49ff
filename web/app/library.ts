/** The server as the page knows it: what its scan does, what it tells, and whether it is there. */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Scope } from "./scope";
import { sentence } from "./words";

/** Lost: the next try comes after `wait_s`, or runs (0). */
export type Connection = { name: "connecting" } | { name: "open" } | { name: "lost"; wait_s: number };

/** Longest pause between two tries to reach the server, in seconds. */
const LONGEST_WAIT_S = 15;
/** News are gathered for so long, in ms, before the scan is asked for again. */
const NEWS_MS = 400;

const NO_SCAN: api.Scan = {
  state: "idle", cancelled: false, found: 0, to_read: null, read: 0, unchanged: 0, unreadable: 0, moved: 0, gone: 0,
  files_per_s: null, left_s: null, problems: [], watching: false, unwatched: null, composing: null,
  tracks: 0, measured: 0, failed: 0, waiting: 0, missing: 0, unchecked: 0, measure_speed: null, measure_left_s: null,
};

type Event = api.News["event"];
type Of<E extends Event> = Extract<api.News, { event: E }>;

export interface Library {
  readonly scan: ReadonlySignal<api.Scan | null>;
  readonly connection: ReadonlySignal<Connection>;
  /** Tells of every such event; the answer stops it. */
  hear<E extends Event>(event: E, tell: (news: Of<E>) => void): () => void;
  /** Tells when the server is there again; the answer stops it. */
  on_return(tell: () => void): () => void;
  /** Says that the server is lost when `work` fails for that reason. */
  follow(work: Promise<unknown>): void;
  start_scan(): Promise<void>;
  stop_scan(): Promise<void>;
  retry_faults(): Promise<void>;
  retry_fault(track_id: string): Promise<void>;
  forget_missing(): Promise<void>;
  /** What could not be done, in words. */
  readonly fault: ReadonlySignal<string | null>;
  forget_fault(): void;
  reconnect(): void;
}

export function library(scope: Scope): Library {
  const connection = signal<Connection>({ name: "connecting" });
  const scan = signal<api.Scan | null>(null);
  const fault = signal<string | null>(null);
  const hearers = new Map<Event, Set<(news: never) => void>>();
  const return_hearers = new Set<() => void>();
  let cancel_news: (() => void) | null = null;
  let cancel_retry = () => {};
  let socket: WebSocket | null = null;
  let n_tries = 0;

  function follow(work: Promise<unknown>): void {
    work.then(reached, (problem: unknown) => {
      if (problem instanceof api.Problem && problem.next === "reconnect") lost();
      else if (!scope.ended) reached();
    });
  }

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
        refresh();
        for (const tell of [...return_hearers]) tell();
        open_socket();
      },
      () => lost(),
    );
  }

  function refresh() {
    api.scan(scope.signal).then(
      (now) => (scan.value = now),
      () => {},
    );
  }

  function hear(news: api.News) {
    for (const tell of [...(hearers.get(news.event) ?? [])]) tell(news as never);
    if (news.event === "scan") {
      const { event: _, ...now } = news;
      // The event tells how reading goes; how many are measured is told by what was asked last.
      scan.value = { ...(scan.peek() ?? NO_SCAN), ...now };
    } else if (["measured", "failed", "library"].includes(news.event)) {
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

  /** Has something done, and looks what it made of the library. */
  async function wish(work: Promise<unknown>): Promise<void> {
    follow(work);
    try {
      await work;
    } catch (problem) {
      // That the server is away is said already; what is not there any more is mended.
      const is_said = problem instanceof api.Problem && ["reconnect", "missing"].includes(problem.next);
      if (!scope.ended && !is_said) fault.value = sentence(problem instanceof Error ? problem.message : "");
    }
    if (!scope.ended) refresh();
  }

  scope.listen(window, "online", reconnect);
  refresh();
  open_socket();

  return {
    scan,
    connection,
    hear(event, tell) {
      const all = hearers.get(event) ?? new Set();
      hearers.set(event, all);
      all.add(tell as (news: never) => void);
      return () => void all.delete(tell as (news: never) => void);
    },
    on_return(tell) {
      return_hearers.add(tell);
      return () => void return_hearers.delete(tell);
    },
    follow,
    start_scan: () => wish(api.start_scan(scope.signal)),
    stop_scan: () => wish(api.stop_scan(scope.signal)),
    forget_missing: () => wish(api.forget_missing(scope.signal)),
    retry_faults: () => wish(api.retry_faults(scope.signal)),
    retry_fault: (track_id) => wish(api.retry_fault(track_id, scope.signal)),
    fault,
    forget_fault() {
      fault.value = null;
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
