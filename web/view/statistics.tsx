/** The library in figures: what it adds up to, and how it is spread. Each bar leads to the tracks it stands for. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Statistics as Figures } from "../app/api";
import { type Bar, type Chart, charts } from "../app/figures";
import { to_order, to_search, to_view } from "../app/place";
import { count, length } from "../app/words";

export function Statistics({ of }: { of: Figures }) {
  const sums: readonly (readonly [figure: string, words: string, href: string])[] = [
    [of.n_tracks.toLocaleString("en"), of.n_tracks === 1 ? "track" : "tracks", to_view("tracks")],
    [length(of.duration_s), "of music", to_view("tracks")],
    [of.n_plays.toLocaleString("en"), of.n_plays === 1 ? "play" : "plays", to_order("-plays")],
    [of.n_favorites.toLocaleString("en"), of.n_favorites === 1 ? "favourite" : "favourites", to_view("favourites")],
    [of.n_measured.toLocaleString("en"), "measured", to_search("is:measured")],
  ];
  return (
    <div class="scroll statistics">
      <h2 class="sr-only">Statistics</h2>
      <ul class="sums" aria-label="In all">
        {sums.map(([figure, words, href]) => (
          <li key={words}>
            <a href={href}>
              <strong class="figure">{figure}</strong> <span class="quiet">{words}</span>
            </a>
          </li>
        ))}
      </ul>
      <div class="charts">
        {charts(of).map((chart) => (
          <ChartFigure key={chart.name} chart={chart} />
        ))}
      </div>
    </div>
  );
}

/** Columns beside each other have at most so many labels: more would not fit. */
const LABELS = 8;

/** One key of Tab for all bars, arrows within; the same as a table for who would rather read. */
function ChartFigure({ chart: { name, shape, unit, bars } }: { chart: Chart }) {
  const list = useRef<HTMLUListElement>(null);
  const at = useSignal(0);
  const leading = bars.filter(({ n }) => n > 0);
  const cursor = Math.min(at.value, leading.length - 1);
  const most = Math.max(...bars.map(({ n }) => n));
  const every = shape === "upright" ? Math.ceil(bars.length / LABELS) : 1;
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const [on, back] = shape === "upright" ? ["ArrowRight", "ArrowLeft"] : ["ArrowDown", "ArrowUp"];
    const to = { [on]: cursor + 1, [back]: cursor - 1, Home: 0, End: leading.length - 1 }[event.key];
    if (to === undefined) return;
    list.current?.querySelectorAll<HTMLElement>("a")[Math.min(Math.max(0, to), leading.length - 1)]?.focus();
    event.preventDefault();
  };
  return (
    <figure class="chart">
      <figcaption>
        <h3>{name}</h3> {unit === "" ? null : <small>{unit}</small>}
      </figcaption>
      <ul class={shape} aria-label={name} ref={list} onKeyDown={press}>
        {bars.map((bar, i) => (
          <li key={bar.rule} style={{ "--share": String(bar.n / most) }}>
            {bar.n === 0 ? (
              <span class="none">
                <Inside bar={bar} labelled={i % every === 0} />
              </span>
            ) : (
              <a
                href={to_search(bar.rule)}
                tabIndex={leading.indexOf(bar) === cursor ? 0 : -1}
                draggable={false}
                title={`${bar.words}: ${count(bar.n, "track", "tracks")}`}
                onFocus={() => (at.value = leading.indexOf(bar))}
              >
                <Inside bar={bar} labelled={i % every === 0} />
              </a>
            )}
          </li>
        ))}
      </ul>
      {shape === "upright" ? <AsTable name={name} bars={bars} /> : null}
    </figure>
  );
}

function Inside({ bar: { label, words, n }, labelled }: { bar: Bar; labelled: boolean }) {
  return (
    <>
      <span class="sr-only">{words}: </span>
      {labelled ? (
        <span class="label" aria-hidden="true">
          {label}
        </span>
      ) : null}
      <span class="bar" />
      <span class="figure">{n.toLocaleString("en")}</span>
      <span class="sr-only">{n === 1 ? " track" : " tracks"}</span>
    </>
  );
}

function AsTable({ name, bars }: { name: string; bars: readonly Bar[] }) {
  return (
    <details>
      <summary class="quiet">
        <span class="sr-only">{name} </span>as a table
      </summary>
      <table>
        <tbody>
          {bars.map(({ rule, words, n }) => (
            <tr key={rule}>
              <th scope="row">{words}</th>
              <td class="figure">{n.toLocaleString("en")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
