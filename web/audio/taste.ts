/** A taste as the server is asked for it. */
import type { Taste } from "./types.js"

/** The taste for one track: what is always so of it comes first. */
export const taste_of = (taste: Taste, track_id: string): Taste => ({ ...taste, ...taste.always[track_id] })

export function query({ preset, intensity, target_lufs, album, reference }: Taste): URLSearchParams {
  const fields = new URLSearchParams({ preset, intensity: String(intensity), target_lufs: String(target_lufs) })
  if (album) fields.set("album", "true")
  if (reference !== null) fields.set("reference", reference)
  return fields
}
