/** Enhanced copies as files: asked for, followed while the server makes them, cancelled, removed. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import { BIT_RATE, type FormatName } from "./formats";
import { latest } from "./latest";
import type { Library } from "./library";
import { Listing } from "./listing";
import type { Scope } from "./scope";
import type { Settings } from "./settings";
import { sentence } from "./words";

/** Pause before a change of the form asks the server, in ms, as in the search. */
const TYPING_MS = 150;
/** Of an album or a playlist so many tracks are looked at for what is remembered of them. */
const LOOKED_AT = 500;
/** Names of files as the server makes them unasked. */
export const TEMPLATE = "{album_artist}/{album}/{track:02} {title}";

/** What copies are asked for of. */
export interface Subject {
  of: api.JobNew["of"];
  id: string;
  /** What it is called. */
  name: string;
  /** What is remembered of how it shall sound; null: nothing, or not of all of it alike. */
  taste: api.Always | null;
  /** What has the keyboard when the form closes. */
  back: HTMLElement | null;
}

/** What is being asked for, as far as the form goes. */
export interface Wish extends Subject {
  /** Null: FLAC at the depth of each track. */
  format: FormatName | null;
  /** Of Opus, in kbit/s. */
  bit_rate: number;
  template: string;
  /** Whether some of it is remembered to sound otherwise, which a copy does not. */
  is_mixed: boolean;
}

/** How a copy sounds. */
export type Sound = Required<Pick<api.JobNew, "preset" | "intensity" | "target_lufs" | "album" | "reference">>;

/** What would come of it, or why nothing would. */
export type Foretold = api.JobPreview | { message: string };

/** Why it was refused, and how long to wait, in seconds, where that helps. */
export interface Refusal {
  message: string;
  wait_s: number | null;
  /** Whether it helps to cancel or remove others. */
  is_full: boolean;
}

export interface Jobs {
  /** All there are, the newest first. */
  readonly listing: Listing<api.Job>;
  /** The one in a row as it is now; reading it in a view follows changes. */
  row(i: number): api.Job | undefined;
  /** Of the one that is made now, how much of it is done, in per cent; null: none is made. */
  readonly going: ReadonlySignal<number | null>;
  readonly wish: ReadonlySignal<Wish | null>;
  readonly foretold: ReadonlySignal<Foretold | null>;
  readonly refusal: ReadonlySignal<Refusal | null>;
  /** Whether an answer is waited for. */
  readonly asking: ReadonlySignal<boolean>;
  /** What became of the last wish. */
  readonly notice: ReadonlySignal<string | null>;
  begin(subject: Subject): void;
  write(wish: Wish | null): void;
  /** How what is wished would sound. */
  sound(of: Subject): Sound;
  ask(): Promise<void>;
  cancel(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  forget_notice(): void;
}

export const is_over = ({ state }: Pick<api.Job, "state">): boolean => state !== "queued" && state !== "processing";

export function jobs(library: Library, kept: Settings, scope: Scope): Jobs {
  const listing = new Listing<api.Job>(api.jobs, scope);
  /** What was heard of those that have not ended, since the list was read. */
  const news = signal<ReadonlyMap<string, Partial<api.Job>>>(new Map());
  /** Those asked for here, by id: their end is told. */
  const own = new Map<string, string>();
  const wish = signal<Wish | null>(null);
  const foretold = signal<Foretold | null>(null);
  const refusal = signal<Refusal | null>(null);
  const asking = signal(false);
  const notice = signal<string | null>(null);
  let cancel_typing = () => {};

  const row = (i: number): api.Job | undefined => {
    const job = listing.row(i);
    return job && !is_over(job) ? { ...job, ...news.value.get(job.id) } : job;
  };
  const rows = () => Array.from({ length: listing.total.value }, (_, i) => row(i));
  const going = computed(() => rows().findLast((job) => job?.state === "processing")?.percent ?? null);

  const read = latest(async () => {
    await listing.refresh();
    // What the list has of the end is newer than any news.
    news.value = new Map([...news.peek()].filter(([of]) => listing.index_of((job) => job.id === of && !is_over(job)) >= 0));
  });
  const reread = () => library.follow(read());

  function hear({ job_id, state, percent, speed, left_s }: Extract<api.News, { event: "job" }>): void {
    const before = news.peek().get(job_id)?.state ?? listing.row(listing.index_of(({ id }) => id === job_id))?.state;
    news.value = new Map(news.peek()).set(job_id, { state, percent, speed, left_s });
    // When it began, what it came to, and when it goes, stands in the list; that one came is told by itself.
    if (before === undefined ? is_over({ state }) : before !== state) reread();
    const name = own.get(job_id);
    if (name !== undefined && is_over({ state })) tell_end(job_id, name, state);
  }

  function tell_end(id: string, name: string, state: api.Job["state"]): void {
    own.delete(id);
    if (state === "completed") notice.value = `${name} is ready.`;
    if (state === "failed") notice.value = `${name} could not be made.`;
  }

  const begun = () => {
    news.value = new Map();
    reread();
  };
  scope.own(library.hear("job", hear));
  scope.own(library.hear("jobs", reread));
  scope.own(library.on_return(begun));
  begun();

  function sound({ taste }: Subject): Sound {
    return {
      preset: taste?.preset ?? kept.preset.value,
      intensity: taste?.intensity ?? kept.intensity.value,
      target_lufs: taste?.target_lufs ?? kept.target_lufs.value,
      album: kept.album.value,
      reference: kept.reference.value,
    };
  }

  const told = (of: Wish): api.JobNew => ({
    of: of.of,
    ids: [of.id],
    ...sound(of),
    format: of.format,
    bitrate: of.format === "opus" ? of.bit_rate : null,
    template: of.template,
  });

  /** What would come of it; where that is not to be had, the answer to the wish itself says why. */
  async function foretell(of: Wish): Promise<void> {
    const said = await api.preview_job(told(of), scope.signal).catch((problem: unknown): Foretold | null => {
      const is_wrong = problem instanceof api.Problem && problem.next === "mend" && problem.status === 422;
      return is_wrong ? { message: problem.message } : null;
    });
    if (wish.peek() === of) foretold.value = said;
  }

  /** What is remembered of the tracks in it, as it is when they play. */
  async function look_up({ of, id }: Subject): Promise<void> {
    const part = [0, LOOKED_AT, scope.signal] as const;
    const tracks =
      of === "albums" ? (await api.tracks({ album: id }, ...part)).items : (await api.playlist_items(id, ...part)).items.map(({ track }) => track);
    const [first, ...others] = new Set(tracks.map(({ taste }) => JSON.stringify(taste)));
    const now = wish.peek();
    if (now?.id !== id || first === undefined) return;
    if (others.length > 0) write({ ...now, is_mixed: true });
    else if (first !== "null") write({ ...now, taste: JSON.parse(first) as api.Always });
  }

  function write(now: Wish | null): void {
    const before = wish.peek();
    wish.value = now;
    refusal.value = null;
    cancel_typing();
    if (before === null || now === null) foretold.value = null;
    if (now) cancel_typing = scope.timeout(before ? TYPING_MS : 0, () => void foretell(now));
  }

  /** Does it, or says why not. */
  async function done(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (problem) {
      const is_gone = problem instanceof api.Problem && problem.next === "missing";
      if (!scope.ended && !is_gone) notice.value = sentence(problem instanceof Error ? problem.message : "");
    }
    reread();
  }

  return {
    listing,
    row,
    going,
    wish,
    foretold,
    refusal,
    asking,
    notice,
    begin(subject) {
      write({ ...subject, format: null, bit_rate: BIT_RATE, template: TEMPLATE, is_mixed: false });
      if (subject.of !== "tracks") void look_up(subject).catch(() => {});
    },
    write,
    sound,
    async ask() {
      const now = wish.peek();
      if (!now || asking.peek()) return;
      asking.value = true;
      try {
        const job = await api.new_job(told(now), scope.signal);
        if (wish.peek() === now) write(null);
        notice.value = `${job.name} is being made.`;
        own.set(job.id, job.name);
        // A short one may have ended before this answer came.
        const state = news.peek().get(job.id)?.state;
        if (state !== undefined && is_over({ state })) tell_end(job.id, job.name, state);
        reread();
      } catch (problem) {
        if (!scope.ended) refusal.value = refused(problem);
      } finally {
        asking.value = false;
      }
    },
    cancel: (id) => done(api.cancel_job(id, scope.signal)),
    remove: (id) => done(api.delete_job(id, scope.signal)),
    forget_notice() {
      notice.value = null;
    },
  };
}

function refused(problem: unknown): Refusal {
  if (!(problem instanceof api.Problem)) return { message: sentence(""), wait_s: null, is_full: false };
  const is_full = problem.status === 503 || problem.status === 507;
  return { message: sentence(problem.message), wait_s: problem.next === "wait" ? problem.retry_after_s : null, is_full };
}
