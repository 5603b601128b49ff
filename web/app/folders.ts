/** The library as it lies on the disk: a directory, what is in it, and the way to it. */
import * as api from "./api";
import { type Entry, entry, mapped } from "./entry";
import { Listing, type Source } from "./listing";
import type { Scope } from "./scope";

export interface Folder {
  name: string;
  /** From the library's folder down to the directory that this one lies in. */
  way: readonly api.DirectoryOnTheWay[];
  /** Right in it. */
  directories: Listing<api.Directory>;
  /** All tracks in it and below. */
  below: Listing<Entry>;
}

/** The tracks right in a directory, and how to bring what else is to be known of it. */
export function folder(dir: string, sort: string, scope: Scope): { tracks: Source<Entry>; bring(): Promise<Folder> } {
  const directories = new Listing<api.Directory>((...part) => api.directories(dir, null, ...part), scope);
  const below = new Listing(async (...part) => mapped(await api.tracks({ below: dir, sort }, ...part), entry), scope);
  return {
    tracks: async (...part) => mapped(await api.tracks({ dir, sort }, ...part), entry),
    async bring() {
      const [{ way }] = await Promise.all([api.directories(dir, null, 0, 1, scope.signal), directories.refresh(), below.refresh()]);
      return { name: way.at(-1)?.name ?? "", way: way.slice(0, -1), directories, below };
    },
  };
}
