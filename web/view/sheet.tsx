/** Sheets over the page, and the lists in them from which one thing is chosen. */
import type { ComponentChildren, RefObject } from "preact";
import { useRef } from "preact/hooks";
import { Close, Search } from "./icons";
import { IconButton } from "./parts";

interface SheetProps {
  /** Stands in its class and its ids. */
  name: string;
  title: string;
  /** What stands beside its title. */
  beside?: ComponentChildren;
  box?: RefObject<HTMLDivElement | null>;
  on_close(): void;
  children: ComponentChildren;
}

/** A sheet with its title and the key that closes it; a click beside it does so too. */
export function Sheet({ name, title, beside, box, on_close, children }: SheetProps) {
  return (
    <div class="scrim" onClick={(event) => event.target === event.currentTarget && on_close()}>
      <div class={`sheet ${name}-sheet`} role="dialog" aria-modal="true" aria-labelledby={`${name}-name`} tabIndex={-1} ref={box}>
        <header>
          <h2 id={`${name}-name`}>{title}</h2>
          {beside}
          <IconButton label="Close" on_click={on_close}>
            <Close />
          </IconButton>
        </header>
        {children}
      </div>
    </div>
  );
}

interface PickerProps {
  /** What is looked for, for those who do not see the hint. */
  label: string;
  hint: string;
  words: string;
  input: RefObject<HTMLInputElement | null>;
  on_words(words: string): void;
  on_enter(): void;
  /** What the list has. */
  of: string;
  foot: ComponentChildren;
  children: ComponentChildren;
}

/** A field and what it finds: arrows go from one key to the next, and from the first back to the field. */
export function Picker({ label, hint, words, input, on_words, on_enter, of, foot, children }: PickerProps) {
  const list = useRef<HTMLUListElement>(null);
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    const keys = [...(list.current?.querySelectorAll<HTMLElement>("button:not(:disabled)") ?? [])];
    const to = keys.findIndex((key) => key === document.activeElement) + by;
    (to < 0 ? input.current : keys[Math.min(to, keys.length - 1)])?.focus();
    event.preventDefault();
  };
  return (
    <div class="picker" onKeyDown={press}>
      <label class="filter">
        <Search />
        <span class="sr-only">{label}</span>
        <input
          ref={input}
          type="search"
          placeholder={hint}
          value={words}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => on_words(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && on_enter()}
        />
      </label>
      <ul class="choices" ref={list} aria-label={of}>
        {children}
      </ul>
      <p class="quiet choices-foot" role="status">
        {foot}
      </p>
    </div>
  );
}
