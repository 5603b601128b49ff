/** Long lists: only the rows that fit on screen are in the document, however many there are. */
import { type ReadonlySignal, type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Listing } from "../app/listing";
import { useHold } from "./hooks";

/** Rows kept beyond either edge of the window. */
const SPARE = 8;

export interface RowWindow {
  /** What scrolls … */
  box: RefObject<HTMLDivElement | null>;
  /** … and what in it is as high as all rows. */
  rows: RefObject<HTMLDivElement | null>;
  width: ReadonlySignal<number>;
  /** The item under the keyboard. */
  cursor: Signal<number>;
  /** Of the items that are in the document. */
  first: number;
  last: number;
  /** Puts the keyboard on an item, and it into sight. */
  look_at(item: number, covered_px?: number): void;
  /** Rows that fit on screen. */
  page(): number;
}

/** Follows what of `listing` is in sight, in rows of `row_px` with `per_row` items each; in a box of its own, or one that others share. */
export function useWindow<T>(
  listing: Listing<T>,
  row_px: (width: number) => number,
  per_row: (width: number) => number,
  shared?: RefObject<HTMLDivElement | null>,
): RowWindow {
  const own = useRef<HTMLDivElement>(null);
  const box = shared ?? own;
  const rows = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  const width = useSignal(900);
  /** What stands above the first row, in px. */
  const above = useSignal(0);
  const cursor = useSignal(0);

  const total = listing.total.value;
  const [px, n] = [row_px(width.value), per_row(width.value)];
  const first = Math.max(0, Math.floor((top.value - above.value) / px) - SPARE) * n;
  const last = Math.min(total, (Math.ceil((top.value - above.value + height.value) / px) + SPARE) * n) - 1;

  const newest = useRef(listing);
  newest.current = listing;
  useHold((scope) => {
    const el = box.current;
    if (!el) return;
    scope.listen(el, "scroll", () => (top.value = newest.current.top = el.scrollTop), { passive: true });
    scope.size(el, (now_width, now_height) => {
      width.value = now_width;
      height.value = now_height;
    });
  });
  useLayoutEffect(() => {
    above.value = rows.current?.offsetTop ?? 0;
  });
  useLayoutEffect(() => {
    cursor.value = 0;
    if (box.current) box.current.scrollTop = listing.top;
    top.value = listing.top;
  }, [listing]);
  useLayoutEffect(() => {
    // What is there already is not asked for again.
    if (last >= first) listing.show(first, last);
  });

  return {
    box,
    rows,
    width,
    cursor,
    first,
    last,
    look_at(item, covered_px = 0) {
      const now = Math.min(Math.max(0, item), total - 1);
      cursor.value = now;
      const el = box.current;
      if (!el) return;
      const [begin, end] = [above.peek() + Math.floor(now / n) * px, above.peek() + (Math.floor(now / n) + 1) * px];
      if (begin - covered_px < el.scrollTop) el.scrollTop = begin - covered_px;
      else if (end > el.scrollTop + el.clientHeight) el.scrollTop = end - el.clientHeight;
    },
    page: () => Math.max(1, Math.floor(height.peek() / px) - 2),
  };
}
