/** By what the list is ordered, and which way round. */
import { to_order } from "../app/place";
import { order_of, QUICK, RANK, said, sorts } from "../app/sorts";
import { useApp } from "./hooks";
import { Order } from "./icons";
import { IconButton } from "./parts";

export function OrderChoice({ quick = false }: { quick?: boolean }) {
  const { browse } = useApp();
  const { place } = browse.screen.value;
  const all = sorts(place);
  const now = order_of(place);
  if (all.length === 0) return null;
  return (
    <div class="order">
      {quick ? (
        <nav class="quick" aria-label="Quick orders">
          {QUICK.map(([sort, words]) => (
            <a key={sort} href={to_order(sort)} aria-current={sort === said(now) ? "true" : undefined}>
              {words}
            </a>
          ))}
        </nav>
      ) : null}
      <label>
        <span class="quiet">Sorted by</span>
        <select value={now.by} onChange={(event) => browse.order_by(event.currentTarget.value)}>
          {all.map(([by, words]) => (
            <option key={by} value={by}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {now.by === RANK ? null : (
        <IconButton
          class={now.descending ? "turned" : ""}
          label={now.descending ? "Descending. Turn round" : "Ascending. Turn round"}
          on_click={() => browse.order_by(now.by)}
        >
          <Order />
        </IconButton>
      )}
    </div>
  );
}
