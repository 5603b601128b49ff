/** The sheet of a playlist: what it is called, and by which rule it is made. */
import { useRef } from "preact/hooks";
import type { Finds } from "../app/playlists";
import { count } from "../app/words";
import { useApp, useHold } from "./hooks";
import { Fault } from "./icons";
import { Marked } from "./search";
import { Sheet } from "./sheet";

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
    <Sheet name="form" title={title} on_close={close}>
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
    </Sheet>
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
