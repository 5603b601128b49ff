/** How views reach the app, and how what they hold is let go of. */
import { createContext } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import { Scope } from "../app/scope";
import type { App } from "../app/state";

const Context = createContext<App | null>(null);

export const AppProvider = Context.Provider;

export function useApp(): App {
  const app = useContext(Context);
  if (!app) throw new Error("a view stands outside the app");
  return app;
}

/** The surface of what is about the playing track: tinted by its cover, so little that all words stay legible. */
export function useTint(): Record<string, string> {
  const colour = useApp().playback.details.value.picture?.colour;
  return colour ? { "--surface": `color-mix(in srgb, ${colour} 8%, var(--plain))` } : {};
}

/** Runs `hold` with a scope of its own once the view is there, and ends the scope with the view. */
export function useHold(hold: (scope: Scope) => void, on: readonly unknown[] = []): void {
  const app = useApp();
  const newest = useRef(hold);
  newest.current = hold;
  useEffect(() => {
    const scope = app.scope.child();
    newest.current(scope);
    return () => scope.end();
  }, on as unknown[]);
}
