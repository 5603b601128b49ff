/** The menu of a track: what can be done with it, and where it leads. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { to_one } from "../app/place";
import type { Menu as MenuState } from "../app/state";
import { useApp, useHold } from "./hooks";
import { STARS } from "./heart";

/** What lies between a menu and the edge of the window, in px. */
const EDGE = 8;

export function TrackMenu({ menu }: { menu: MenuState }) {
  const { marks, queue, playback, playlists, jobs, by_sound, sheet, about } = useApp();
  const { track } = menu.entry;
  const subject = { of: "tracks", id: track.id, name: track.title, taste: track.taste, back: menu.back } as const;
  const { favorite, rating } = marks.of(track);
  const go = (hash: string) => (location.hash = hash);
  const behind = playback.item.value === null ? null : { track, item: playback.item.value, at: null };
  return (
    <Menu menu={menu} label={track.title}>
      <Item on_choose={() => void queue.add([track.id], behind)}>Play next</Item>
      <Item on_choose={() => void queue.add([track.id], null)}>Add to queue</Item>
      <Item on_choose={() => playlists.choose_for([track.id])}>Add to a playlist…</Item>
      <Item on_choose={() => jobs.begin(subject)}>Save enhanced…</Item>
      <Item on_choose={() => void by_sound.radio(track)}>Start a radio with it</Item>
      {by_sound.is_near(track) ? (
        <Item on_choose={() => void by_sound.lead_to(track).then((is_done) => is_done && (sheet.value = "queue"))}>Lead to it from what plays</Item>
      ) : null}
      {menu.more.map(({ words, run }) => (
        <Item key={words} on_choose={run}>
          {words}
        </Item>
      ))}
      <hr />
      <Item on_choose={() => void marks.set_favorite(track, !favorite)}>{favorite ? "No longer a favourite" : "Make it a favourite"}</Item>
      <div class="stars" role="group" aria-label="Stars">
        {STARS.map((n) => (
          <button
            key={n}
            type="button"
            role="menuitemradio"
            tabIndex={-1}
            class={rating !== null && n <= rating ? "on" : ""}
            aria-checked={rating === n}
            aria-label={n === 1 ? "1 star" : `${n} stars`}
            onClick={() => void marks.rate(track, rating === n ? null : n)}
          >
            {rating !== null && n <= rating ? "★" : "☆"}
          </button>
        ))}
      </div>
      <hr />
      <Item
        on_choose={() => {
          about.value = track;
          sheet.value = "about";
        }}
      >
        About it
      </Item>
      {track.album_id === null ? null : <Item on_choose={() => go(to_one("album", track.album_id ?? ""))}>Go to the album</Item>}
      {track.artists.map((name, i) => (
        <Item key={i} on_choose={() => go(to_one("artist", track.artist_ids[i] ?? ""))}>
          Go to {name}
        </Item>
      ))}
    </Menu>
  );
}

function Menu({ menu, label, children }: { menu: MenuState; label: string; children: ComponentChildren }) {
  const app = useApp();
  const box = useRef<HTMLDivElement>(null);
  const close = () => {
    app.menu.value = null;
    menu.back?.focus();
  };
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    const { width, height } = el.getBoundingClientRect();
    el.style.left = `${Math.max(EDGE, Math.min(menu.x, innerWidth - width - EDGE))}px`;
    el.style.top = `${Math.max(EDGE, Math.min(menu.y, innerHeight - height - EDGE))}px`;
    el.querySelector<HTMLElement>("button")?.focus();
  }, [menu]);
  useHold((scope) => {
    scope.listen<PointerEvent>(document, "pointerdown", (event) => {
      if (!box.current?.contains(event.target as Node)) app.menu.value = null;
    });
    scope.listen(window, "resize", close);
  });
  const press = (event: KeyboardEvent) => {
    const keys = [...(box.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = keys.findIndex((key) => key === document.activeElement);
    const to = {
      ArrowDown: at + 1,
      ArrowRight: at + 1,
      ArrowUp: at - 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: keys.length - 1,
    }[event.key];
    if (to !== undefined) keys[(to + keys.length) % keys.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="menu" role="menu" aria-label={label} ref={box} onKeyDown={press} onClick={close}>
      {children}
    </div>
  );
}

function Item({ on_choose, children }: { on_choose(): void; children: ComponentChildren }) {
  return (
    <button type="button" role="menuitem" tabIndex={-1} onClick={on_choose}>
      {children}
    </button>
  );
}
