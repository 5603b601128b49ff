/** The sheet of a playlist: what it is called, and by which rule it is made. */
import { useRef } from "preact/hooks";
import type { Finds } from "../app/playlists";
import { count } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Close, Fault } from "./icons";
import { IconButton } from "./parts";
import { Marked } from "./search";

export function FormSheet() {
  const { playlists } = useApp();
  const name = useRef<HTMLInputElement>(null);
  useHold(() => name.current?.focus());
  const form = playlists.form.value;
  if (!form) return null;
  const finds = playlists.finds.value;
  const close = () => playlists.write(null);
  const title = form.id !== null ? "Edit the playlist" : form.rule === null ? "New playlist" : "New playlist by rule";
  const bad = finds !== null && "message" in finds;
  return (
    <div class="scrim" onClick={(event) => event.target === event.currentTarget && close()}>
      <div class="sheet form-sheet" role="dialog" aria-modal="true" aria-labelledby="form-name">
        <header>
          <h2 id="form-name">{title}</h2>
          <IconButton label="Close" on_click={close}>
            <Close />
          </IconButton>
        </header>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void playlists.keep();
          }}
        >
          <label>
            Name
            <input
              ref={name}
              value={form.name}
              maxLength={200}
              required
              autocomplete="off"
              onInput={(event) => playlists.write({ ...form, name: event.currentTarget.value })}
            />
          </label>
          {form.rule === null ? null : (
            <label>
              Rule
              <input
                value={form.rule}
                spellcheck={false}
                autocomplete="off"
                placeholder="genre:jazz year:<1970 -live"
                aria-invalid={bad}
                aria-describedby="form-finds"
                onInput={(event) => playlists.write({ ...form, rule: event.currentTarget.value })}
              />
            </label>
          )}
          {form.rule === null ? null : (
            <div class="finds" id="form-finds" role="status">
              <FindsLine finds={finds} rule={form.rule.trim()} />
            </div>
          )}
          <button type="submit" class="key solid" disabled={form.name.trim() === "" || bad}>
            {form.id === null ? "Make it" : "Keep it"}
          </button>
        </form>
      </div>
    </div>
  );
}

function FindsLine({ finds, rule }: { finds: Finds | null; rule: string }) {
  if (finds === null) return <p class="quiet">Looking.</p>;
  if ("total" in finds) return <p class="quiet">{rule === "" ? `All ${count(finds.total, "track", "tracks")}` : `${count(finds.total, "track", "tracks")} now`}</p>;
  return (
    <div class="fault">
      <Marked text={rule} at={finds.at} />
      <p>
        <Fault /> {finds.message.replace(/^q, at character \d+: /, "")}
      </p>
    </div>
  );
}
