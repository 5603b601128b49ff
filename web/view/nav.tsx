/** The ways through the library: a rail on a desk, a bar that scrolls in a pocket. */
import { type Place, to_view, TROUBLES, type View, VIEWS } from "../app/place";
import { percent } from "../app/words";
import { useApp } from "./hooks";
import { useRef } from "preact/hooks";
import { useComputed, useSignalEffect } from "@preact/signals";

/** To which way the page of one thing belongs. */
const WAY: Partial<Record<Place["view"], View>> = { album: "albums", artist: "artists", genre: "genres", folder: "folders", playlist: "playlists" };

export function Nav() {
  const { places, library, jobs } = useApp();
  const bar = useRef<HTMLElement>(null);
  const { view } = places.place.value;
  const way = WAY[view] ?? view;
  const is_going = useComputed(() => jobs.going.value !== null);
  useSignalEffect(() => {
    void [places.place.value, is_going.value];
    bar.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  const is_trouble = TROUBLES.some((name) => name === view);
  // A way that is there while it leads somewhere, or one is there.
  const scan = library.scan.value;
  const has_copies = view === "copies" || jobs.listing.total.value > 0;
  const going = jobs.going.value;
  const trouble = TROUBLES.find((name) => name === view) ?? TROUBLES.find((name) => (scan?.[name] ?? 0) > 0);
  return (
    <nav class="ways" aria-label="Library" ref={bar}>
      {VIEWS.map((name) => (
        <a key={name} href={to_view(name)} aria-current={name === way ? (name === view ? "page" : "true") : undefined}>
          {name[0]?.toUpperCase() + name.slice(1)}
        </a>
      ))}
      {has_copies ? (
        <a href={to_view("copies")} aria-current={view === "copies" ? "page" : undefined}>
          Copies
          {going === null ? null : <small class="figure"> {percent(going)}</small>}
        </a>
      ) : null}
      {trouble ? (
        <a href={to_view(trouble)} aria-current={is_trouble ? "page" : undefined}>
          Trouble
        </a>
      ) : null}
    </nav>
  );
}
