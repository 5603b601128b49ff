/** The way out of an insecure origin: browsers enhance in the page only over https or on localhost. */
import { type ReadonlySignal, signal } from "@preact/signals";
import * as api from "./api";
import type { Scope } from "./scope";

/** Where this server's page is had over https; null where this one is secure, or nobody speaks that. */
export function secure(scope: Scope): ReadonlySignal<string | null> {
  const address = signal<string | null>(null);
  // A server that does not answer is told of elsewhere; without its word there is no way to show.
  if (!globalThis.isSecureContext) api.version(scope.signal).then(({ https }) => (address.value = https), () => {});
  return address;
}
