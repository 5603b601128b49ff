/** The Enhanced switch, wide, and under it the compare key and the way to no processing at all. */
import { figure, gain } from "../app/words";
import { useApp } from "./hooks";

export function Switch() {
  const { playback } = useApp();
  const mode = playback.mode.value;
  const heard = playback.heard.value;
  const stats = playback.stats.value;
  const on = mode === "enhanced";
  const holding = heard !== mode;
  const other = on ? "original" : "enhanced";
  const change = stats.lufs_in !== null && stats.lufs_out !== null ? stats.lufs_out - stats.lufs_in : null;
  const words = { enhanced: "Enhanced", original: "Original", off: "Off" }[heard];

  return (
    <div class="honour">
      <button
        type="button"
        role="switch"
        class={`switch ${heard}`}
        aria-checked={on}
        aria-label="Enhanced"
        onClick={() => void playback.set_mode(on ? "original" : "enhanced")}
      >
        <span class="switch-words">
          <span class="switch-name">{words}</span>
          <span class="switch-note">
            {heard === "enhanced"
              ? change === null
                ? ""
                : Math.abs(change) < 0.05
                  ? "as loud"
                  : `${gain(change)}\u2009LU`
              : heard === "original"
                ? "matched"
                : "unchanged"}
          </span>
        </span>
        <span class="switch-thumb" />
      </button>
      <div class="compare-row">
        <button
          type="button"
          class={`compare ${other}`}
          aria-pressed={holding}
          title={`Hold to hear the ${other} at the same loudness (A)`}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            void playback.compare(true);
          }}
          onPointerUp={() => void playback.compare(false)}
          onPointerCancel={() => void playback.compare(false)}
          onBlur={() => void playback.compare(false)}
          onContextMenu={(event) => event.preventDefault()}
          onKeyDown={(event) => {
            if (event.key !== " " && event.key !== "Enter") return;
            event.preventDefault();
            if (!event.repeat) void playback.compare(true);
          }}
          onKeyUp={(event) => {
            if (event.key !== " " && event.key !== "Enter") return;
            event.preventDefault();
            void playback.compare(false);
          }}
        >
          Hold for {other}
        </button>
        <button
          type="button"
          class="off"
          aria-pressed={mode === "off"}
          title="The file as it is, at its own loudness"
          onClick={() => void playback.set_mode(mode === "off" ? "enhanced" : "off")}
        >
          Off
        </button>
      </div>
      <span class="sr-only" role="status">
        {change !== null && on ? `Enhanced, ${figure(stats.lufs_out)} LUFS` : words}
      </span>
    </div>
  );
}
