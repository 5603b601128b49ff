/** What is known of the playing track beyond its row. */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Scope } from "./scope";

export interface Details {
  fingerprint: api.Fingerprint | null;
  waveform: api.Waveform | null;
  picture: api.Picture | null;
}

const NONE: Details = { fingerprint: null, waveform: null, picture: null };

export function details(): { readonly details: ReadonlySignal<Details>; bring(id: string, own: Scope): void; forget(): void } {
  const details = signal<Details>(NONE);
  return {
    details,
    /** Brings in the colour, the overview and the fingerprint; asks again while the server measures. */
    bring(id, own) {
      const bring = async <K extends keyof Details>(name: K, get: () => Promise<NonNullable<Details[K]>>) => {
        try {
          const got = await get();
          if (!own.ended) details.value = { ...details.peek(), [name]: got };
        } catch (problem) {
          if (own.ended || !(problem instanceof api.Problem)) return;
          if (problem.next === "wait") own.timeout(problem.retry_after_s * 1000, () => void bring(name, get));
        }
      };
      void bring("picture", () => api.picture(id, own.signal));
      void bring("waveform", () => api.waveform(id, own.signal));
      void bring("fingerprint", () => api.fingerprint(id, own.signal));
    },
    forget() {
      details.value = NONE;
    },
  };
}
