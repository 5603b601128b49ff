/**
 * One owner for everything that must be let go of again: listeners, timers, frames, observers,
 * children. A view or a room of the app has a scope; when it ends, all that it holds ends.
 * (The idea is wavesurfer.js's; see also `useScope` in the views.)
 */
export class Scope {
  readonly #ends = new Set<() => void>();
  readonly #abort = new AbortController();

  /** Aborted when the scope ends: for `fetch`. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get ended(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Runs `end` when the scope ends; the answer runs it now. */
  own(end: () => void): () => void {
    if (this.ended) {
      end();
      return () => {};
    }
    const once = () => {
      if (this.#ends.delete(once)) end();
    };
    this.#ends.add(once);
    return once;
  }

  listen<E extends Event = Event>(
    target: EventTarget,
    name: string,
    hear: (event: E) => void,
    options?: AddEventListenerOptions,
  ): () => void {
    const listener = hear as EventListener;
    target.addEventListener(name, listener, options);
    return this.own(() => target.removeEventListener(name, listener, options));
  }

  timeout(ms: number, run: () => void): () => void {
    const id = setTimeout(() => {
      cancel();
      run();
    }, ms);
    const cancel = this.own(() => clearTimeout(id));
    return cancel;
  }

  interval(ms: number, run: () => void): () => void {
    const id = setInterval(run, ms);
    return this.own(() => clearInterval(id));
  }

  /** Tells the size of `element` now and whenever it changes. */
  size(element: Element, tell: (width: number, height: number) => void): () => void {
    const observer = new ResizeObserver((entries) => {
      const box = entries.at(-1)?.contentRect;
      if (box) tell(box.width, box.height);
    });
    observer.observe(element);
    return this.own(() => observer.disconnect());
  }

  /** Follows a media query, telling it now and whenever it changes. */
  media(query: string, tell: (matches: boolean) => void): () => void {
    const list = matchMedia(query);
    tell(list.matches);
    return this.listen<MediaQueryListEvent>(list, "change", (event) => tell(event.matches));
  }

  /** A scope that ends with this one, or before it. */
  child(): Scope {
    const child = new Scope();
    const release = this.own(() => child.end());
    child.own(release);
    return child;
  }

  /** Ends what it holds, last first; what fails is logged and the rest still ends. */
  end(): void {
    if (this.ended) return;
    this.#abort.abort();
    for (const end of [...this.#ends].reverse()) {
      try {
        end();
      } catch (error) {
        console.error("a scope could not let go", error);
      }
    }
    this.#ends.clear();
  }
}
