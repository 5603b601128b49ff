/** The why panel: what was done to this track, in a sentence, a curve, figures and reasons. */
import { useComputed, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Track } from "../app/api";
import type { Plan } from "../app/playback";
import { MADE } from "../app/settings";
import { codec, figure, gain, rate } from "../app/words";
import { Always } from "./always";
import { Curve } from "./curve";
import { useApp, useTint } from "./hooks";
import { Close, Fault, Measuring } from "./icons";
import { Cover, Figure, IconButton } from "./parts";
import { Similar } from "./similar";
import { WishedLine } from "./taste";

export function Why() {
  const { settings } = useApp();
  return (
    <aside class="why" id="why" aria-label="Why it sounds so" style={useTint()}>
      <header class="why-head">
        <h2>Why</h2>
        <IconButton label="Fold the why panel" on_click={() => (settings.why.value = false)}>
          <Close />
        </IconButton>
      </header>
      <div class="why-scroll" tabIndex={0} role="region" aria-label="What was done">
        <WhyBody />
      </div>
    </aside>
  );
}

export function WhyBody() {
  const { playback } = useApp();
  const track = playback.track.value;
  const plan = playback.plan.value;
  if (!track) {
    return <p class="hint">Choose a track. Here stands what is done to it, and for which reason.</p>;
  }
  return (
    <div class="why-body">
      <div class="why-top">
        <Cover track={track} kind="aura" />
        {plan ? (
          <p class="summary">{plan.summary}</p>
        ) : track.state === "failed" ? (
          <p class="summary fault">
            <Fault /> Not measured. It plays as it is. {track.fault}
          </p>
        ) : track.measured ? (
          <p class="summary quiet">Play it, and here stands what is done.</p>
        ) : (
          <p class="summary">
            <Measuring /> Measuring. It plays as it is, and fades to enhanced when that is done.
          </p>
        )}
      </div>
      <Curve />
      {plan ? <BeforeAfter plan={plan} /> : null}
      <Reduction />
      {plan && plan.reasons.length > 0 ? <Reasons plan={plan} /> : null}
      <Always key={track.id} track={track} />
      <SignalPath track={track} />
      <Similar track={track} />
    </div>
  );
}

function BeforeAfter({ plan }: { plan: Plan }) {
  const { playback } = useApp();
  const fingerprint = playback.details.value.fingerprint;
  const { promise } = plan;
  const crest = fingerprint?.descriptors["crest_db"];
  const moved = (after: number | null, before: number | null | undefined) => (after === null || before == null ? null : after - before);
  const peak = moved(promise.true_peak_dbtp, fingerprint?.true_peak_dbtp);
  const loudness = moved(promise.lufs, fingerprint?.descriptors["lufs"]);
  // What peaks gain over loudness, crest gains over the mean.
  const crest_after = crest == null || peak === null || loudness === null ? null : crest + peak - loudness;
  const rows: [string, string, number | null | undefined, number | null | undefined][] = [
    ["Loudness", "LUFS", fingerprint?.descriptors["lufs"], promise.lufs],
    ["Range", "LU", fingerprint?.lra_lu, promise.lra_lu],
    ["True peak", "dBTP", fingerprint?.true_peak_dbtp, promise.true_peak_dbtp],
    ["Crest", "dB", crest, crest_after],
  ];
  return (
    <table class="before-after">
      <caption class="sr-only">Before and after</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="sr-only">Figure</span>
          </th>
          <th scope="col" class="slate">
            Before
          </th>
          <th scope="col" class="copper">
            After <small>predicted</small>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, unit, before, after]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <Figure value={figure(before)} unit={unit} />
            </td>
            <td>{after === null || after === undefined ? <Unsaid /> : <Figure value={figure(after)} unit={unit} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A figure that nobody predicted. */
const Unsaid = () => (
  <span class="quiet" title="not predicted">
    <span aria-hidden="true">–</span>
    <span class="sr-only">not predicted</span>
  </span>
);

/** Full scale of the gain reduction bar, in dB. */
const REDUCTION_SCALE_DB = 12;

function Reduction() {
  const { playback } = useApp();
  const bar = useRef<HTMLSpanElement>(null);
  const db = useComputed(() => Math.abs(playback.reduction_db.value));
  const words = useComputed(() => figure(db.value));
  /** Chains elsewhere, and ahead of time, do not tell of themselves. */
  const told = useComputed(() => playback.stats.value.mode === "worklet");
  useSignalEffect(() => {
    bar.current?.style.setProperty("--share", `${Math.min(100, (db.value / REDUCTION_SCALE_DB) * 100).toFixed(1)}%`);
  });
  return (
    <div class="reduction">
      <span class="caption">Gain reduction</span>
      <span class="bar" ref={bar} aria-hidden="true" />
      {told.value ? (
        <span class="figure">
          {words}
          <small>{"\u2009"}dB</small>
        </span>
      ) : (
        <span class="quiet" title="Chains elsewhere do not tell of themselves">not told</span>
      )}
    </div>
  );
}

function Reasons({ plan }: { plan: Plan }) {
  return (
    <section>
      <h3>Reasons</h3>
      <WishedLine />
      <ul class="reasons">
        {plan.reasons.map((reason, i) => (
          <li key={i}>
            <Sentence text={reason.text} first={reason.done} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A reason, its number in weight where it comes first. */
function Sentence({ text, first }: { text: string; first: string }) {
  if (first === "" || !text.startsWith(first)) return <span>{text}</span>;
  return (
    <span>
      <strong class="figure">{first}</strong>
      {text.slice(first.length)}
    </span>
  );
}

/** The way of the sound as a line of words, with what degraded marked. */
function SignalPath({ track }: { track: Track }) {
  const { playback } = useApp();
  const stats = playback.stats.value;
  const chain = { enhanced: "enhanced", original: "original, matched", off: "off" }[playback.heard.value];
  const device = stats.device_rate;
  const resampled = device === null || device === track.sample_rate ? [] : [rate(device)];
  const [file, hertz] = [`${codec(track.codec)} file`, rate(track.sample_rate)];
  const steps = {
    stream: [file, "server", hertz, chain, "native stream", "speakers"],
    worklet: [file, "decoder", hertz, chain, "worklet", ...resampled, "speakers"],
    worker: [file, "decoder", hertz, `${chain}, ahead in the Worker`, "worklet", ...resampled, "speakers"],
    chunks: [file, "server", hertz, `${chain}, in chunks`, "worklet", ...resampled, "speakers"],
  }[stats.mode];
  return (
    <section>
      <h3>Signal path</h3>
      <ol class="path">
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <Made />
      {stats.notice ? (
        <p class="notice">
          <Fault /> {stats.notice}
        </p>
      ) : null}
      {stats.underruns > 0 ? (
        <p class="notice">
          <Fault /> {stats.underruns === 1 ? "1 gap" : `${stats.underruns} gaps`} in the sound: this device was too busy.
        </p>
      ) : null}
      <CompareGains />
    </section>
  );
}

const PLACES: Record<(typeof MADE)[number], string> = {
  auto: "Automatic (recommended)",
  worklet: "In the page",
  worker: "In the page, ahead of time",
  chunks: "By the server",
};

/** Where the enhanced sound is made, why there, and the choice. */
function Made() {
  const { playback, settings } = useApp();
  const { mode, reason } = playback.stats.value;
  const now = mode === "stream" ? null : PLACES[mode].toLowerCase();
  return (
    <div class="made">
      <label>
        <span>Where sound is made</span>
        <select value={settings.made.value} onChange={(event) => (settings.made.value = event.currentTarget.value as (typeof MADE)[number])}>
          {MADE.map((name) => (
            <option key={name} value={name}>
              {PLACES[name]}
            </option>
          ))}
        </select>
      </label>
      {now === null ? null : (
        <p class="quiet">
          Now {now}. {reason}
          {mode === "chunks" ? " A track's first chunk has not heard the track before it." : ""}
        </p>
      )}
    </div>
  );
}

/** Both gains of the matched comparison, whenever they are at work. */
function CompareGains() {
  const { playback } = useApp();
  const compare = playback.plan.value?.compare;
  if (!compare || playback.mode.value === "off" || playback.heard.value === playback.mode.value && playback.mode.value === "enhanced") return null;
  return (
    <p class="quiet">
      Matched: original {gain(compare.original_db)}
      {"\u2009"}dB, enhanced {gain(compare.enhanced_db)}
      {"\u2009"}dB while comparing.
    </p>
  );
}
