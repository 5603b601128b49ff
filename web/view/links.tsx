/** Names that lead to the page of what they name. */
import { Fragment } from "preact";
import type { Track } from "../app/api";
import { to_one } from "../app/place";
import { useApp } from "./hooks";

/** In a list whose rows are keys themselves, links are reached by the row's menu: `apart` keeps them out of the way of Tab. */
interface LinkProps {
  track: Track;
  apart?: boolean;
}

/** The artists of a track, each a link. */
export function Artists({ track, apart = false }: LinkProps) {
  if (track.artists.length === 0) return <>Unknown artist</>;
  return (
    <>
      {track.artists.map((name, i) => (
        <Fragment key={i}>
          {i > 0 ? ", " : ""}
          <Link href={to_one("artist", track.artist_ids[i] ?? "")} apart={apart}>
            {name}
          </Link>
        </Fragment>
      ))}
    </>
  );
}

/** The album of a track, a link. */
export function AlbumName({ track, apart = false }: LinkProps) {
  if (track.album === null || track.album_id === null) return null;
  return (
    <Link href={to_one("album", track.album_id)} apart={apart}>
      {track.album}
    </Link>
  );
}

export function Link({ href, apart = false, children }: { href: string; apart?: boolean; children: string }) {
  const { sheet } = useApp();
  const follow = (event: MouseEvent) => {
    // The row behind it plays on a click; what lies over the page makes way.
    event.stopPropagation();
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) sheet.value = "none";
  };
  return (
    <a href={href} tabIndex={apart ? -1 : undefined} onClick={follow}>
      {children}
    </a>
  );
}
