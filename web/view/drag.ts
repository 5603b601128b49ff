/** Putting a row elsewhere by its grip. */
import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useApp } from "./hooks";
import type { RowWindow } from "./window";

/** So near the edge of the list, in px, it scrolls on, by so much. */
const EDGE = 32;
const SCROLL = 12;

/** The row before which the dragged one would go; null while none is. */
export function useDrag(at: RowWindow, row_px: number, total: number, move: ((from: number, before: number) => void) | undefined) {
  const { scope } = useApp();
  const before = useSignal<number | null>(null);
  const start = (event: PointerEvent, from: number) => {
    if (!move || event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    const own = scope.child();
    const place = (y: number) => {
      const edges = at.rows.current?.getBoundingClientRect();
      return edges ? Math.min(total, Math.max(0, Math.round((y - edges.top) / row_px))) : from;
    };
    const end = () => {
      before.value = null;
      own.end();
    };
    own.listen<PointerEvent>(window, "pointermove", ({ clientY }) => {
      const edges = at.box.current?.getBoundingClientRect();
      if (at.box.current && edges) {
        if (clientY < edges.top + EDGE) at.box.current.scrollTop -= SCROLL;
        else if (clientY > edges.bottom - EDGE) at.box.current.scrollTop += SCROLL;
      }
      before.value = place(clientY);
    });
    own.listen<PointerEvent>(window, "pointerup", ({ clientY }) => {
      const to = place(clientY);
      const moved = before.peek() !== null && to !== from && to !== from + 1;
      end();
      if (moved) move(from, to);
    });
    own.listen(window, "pointercancel", end);
    own.listen<KeyboardEvent>(
      window,
      "keydown",
      (pressed) => {
        if (pressed.key !== "Escape") return;
        pressed.preventDefault();
        pressed.stopPropagation();
        end();
      },
      { capture: true },
    );
  };
  return { before: before as ReadonlySignal<number | null>, start };
}
