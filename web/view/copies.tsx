/** The copies that were asked for: how far each is, and the keys to fetch it or to be rid of it. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import * as api from "../app/api";
import { format_of } from "../app/formats";
import { is_over } from "../app/jobs";
import { count, left, moment_to_come, percent, sentence, size, THIN } from "../app/words";
import { useApp } from "./hooks";
import { Fault } from "./icons";

/** So many more are shown at a time. */
const STEP = 100;

export function Copies() {
  const { jobs } = useApp();
  const { listing } = jobs;
  const shown = useSignal(STEP);
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  /** The row that had the keyboard last. */
  const at = useRef(0);
  const total = listing.total.value;
  const n = Math.min(total, shown.value);
  useEffect(() => listing.show(0, n - 1), [n]);
  const has_keyboard = () => list.current?.contains(document.activeElement) ?? false;
  const had_keyboard = has_keyboard();
  useLayoutEffect(() => {
    // What had it may be gone with its row, or be another key now.
    if (!had_keyboard || has_keyboard()) return;
    const row = list.current?.children[Math.min(at.current, n - 1)];
    (row?.querySelector<HTMLElement>("a, button") ?? box.current)?.focus();
  });
  const rows = [];
  for (let i = 0; i < n; i++) {
    const job = jobs.row(i);
    if (job) rows.push(<Copy key={job.id} job={job} on_focus={() => (at.current = i)} />);
  }
  return (
    <div class={total === 0 ? "nothing" : "scroll"} ref={box} tabIndex={-1}>
      {total === 0 ? (
        <div class="hint">
          <h2>No copies yet</h2>
          <p>“Save enhanced…”, in the menu of any row and on the page of an album or a playlist, makes files of what is heard here.</p>
        </div>
      ) : (
        <>
          <p class="quiet copies-head">Made by the server, one after the other. Each is kept here for a while, to be downloaded.</p>
          <ul class="copies" aria-label="Copies" ref={list}>
            {rows}
          </ul>
          {n < total ? (
            <button type="button" class="key more-copies" onClick={() => (shown.value += STEP)}>
              Show older ones
            </button>
          ) : null}
        </>
      )}
    </div>
  );
}

function Copy({ job, on_focus }: { job: api.Job; on_focus(): void }) {
  const { jobs } = useApp();
  const { id, name, state, n_tracks } = job;
  const kind = [n_tracks > 1 ? count(n_tracks, "track", "tracks") : null, format_of(job.format).words];
  return (
    <li class="copy" data-job={id} onFocusIn={on_focus}>
      <strong title={name}>{name}</strong>
      <p class="quiet kind">{kind.filter((words) => words !== null).join(" · ")}</p>
      <State job={job} />
      {state === "processing" ? <Progress job={job} /> : null}
      <Faults job={job} />
      <div class="copy-keys">
        {state === "completed" ? (
          <a class="key solid" href={api.job_file(id)} download aria-label={`Download ${name}`}>
            Download
          </a>
        ) : null}
        {is_over(job) ? (
          <button
            type="button"
            class="key"
            aria-label={`Remove ${name}`}
            onClick={() => (state !== "completed" || confirm(`Remove “${name}”? Its file goes; it can be made again.`)) && void jobs.remove(id)}
          >
            Remove
          </button>
        ) : (
          <button type="button" class="key" aria-label={`Cancel ${name}`} onClick={() => void jobs.cancel(id)}>
            Cancel
          </button>
        )}
      </div>
    </li>
  );
}

const STATES: Record<api.Job["state"], string> = {
  queued: "Waits for its turn",
  processing: "Being made",
  completed: "Ready",
  failed: "Failed",
  cancelled: "Cancelled",
};

function State({ job }: { job: api.Job }) {
  const { name, state, reason, expires_at } = job;
  // Figures of the end are there a moment after the end itself.
  const is_told = state === "completed" && job.ended_at !== null;
  return (
    <p class="copy-state">
      <span role="status" class={state === "failed" ? "fault" : ""}>
        <span class="sr-only">{name}: </span>
        {state === "failed" ? (
          <>
            <Fault />{" "}
          </>
        ) : null}
        {STATES[state]}
      </span>
      {reason === null ? null : <span>: {sentence(reason)}</span>}
      {is_told ? (
        <span class="quiet">
          {` · ${size(job.n_bytes)}`}
          {expires_at === null ? "" : ` · kept until ${moment_to_come(expires_at)}`}
        </span>
      ) : null}
    </p>
  );
}

/** How far it is, how fast, and how long it takes yet. */
function Progress({ job }: { job: api.Job }) {
  const speed = job.speed === null ? null : `${Math.round(job.speed)}${THIN}× real time`;
  const words = [percent(job.percent), speed, left(job.left_s)].filter((word) => word !== null);
  return (
    <div class="progress">
      <div
        class="progress-bar"
        role="progressbar"
        aria-label={job.name}
        aria-valuenow={Math.floor(job.percent)}
        aria-valuetext={words.join(", ")}
        style={{ "--share": `${job.percent}%` }}
      />
      <span class="figure quiet" aria-hidden="true">
        {words.join(" · ")}
      </span>
    </div>
  );
}

/** Which of several tracks are not in it, and why. */
function Faults({ job: { n_tracks, n_faults, faults } }: { job: api.Job }) {
  if (n_faults === 0 || n_tracks === 1) return null;
  const more = n_faults - faults.length;
  return (
    <details class="copy-faults">
      <summary>
        <span class="fault">
          <Fault /> {count(n_faults, "track", "tracks")}
        </span>{" "}
        could not be made
      </summary>
      <ul>
        {faults.map(({ track_id, title, reason }) => (
          <li key={track_id}>
            <strong>{title}</strong>: {sentence(reason)}
          </li>
        ))}
        {more > 0 ? <li class="quiet">and {count(more, "other", "others")}</li> : null}
      </ul>
    </details>
  );
}
