/** What the server knows of a track, as the Worker asks for it. */
import { plan } from "../gen/analyst.js"
import { query, taste_of } from "./taste.js"
import type { Fingerprint, Plan, Taste, TrackRef } from "./types.js"

/** The server's fingerprint; null while it measures, undefined if it cannot: the track plays as it is. */
export async function fingerprintOf(track: TrackRef): Promise<Fingerprint | null | undefined> {
  const response = await fetch(`/api/tracks/${encodeURIComponent(track.id)}/fingerprint`)
  if (response.ok) return (await response.json()) as Fingerprint
  if (response.status === 503) return null
  const problem = (await response.json().catch(() => ({}))) as { type?: string; detail?: string; title?: string }
  if (problem.type === "/problems/not-measurable") return undefined
  throw { kind: "io", message: problem.detail ?? problem.title ?? `the server answered ${response.status}` }
}

export const url = (track: TrackRef) => `/api/tracks/${encodeURIComponent(track.id)}/file`

/** A plan, and whether the server has a better one as soon as it has measured what it must. */
export interface Planned {
  made: Plan
  provisional: boolean
}

/**
 * The server's plan: it knows the album, the reference, and what rendering taught. Where it gives none, the
 * plan that can be made here, of the track alone.
 */
export async function planFor(track: TrackRef, fingerprint: Fingerprint, usual: Taste): Promise<Planned> {
  const wanted = taste_of(usual, track.id)
  let status = 0
  try {
    const response = await fetch(`/api/tracks/${encodeURIComponent(track.id)}/plan?${query(wanted)}`)
    if (response.ok) return { made: (await response.json()) as Plan, provisional: false }
    status = response.status
  } catch {
    // Not reached: the page says so, and what is known here is enough to play.
  }
  const { preset, intensity, target_lufs } = wanted
  return { made: plan(fingerprint, { preset, intensity, target_lufs }) as Plan, provisional: status === 503 }
}
