/** Line icons on a 20-unit grid, in the colour of the text beside them. */
import type { ComponentChildren } from "preact";

function Icon({ children, size = 20 }: { children: ComponentChildren; size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width={size} height={size} aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const Play = () => (
  <Icon size={24}>
    <path class="solid" d="M6 3.8v12.4a.6.6 0 0 0 .9.5l10-6.2a.6.6 0 0 0 0-1l-10-6.2a.6.6 0 0 0-.9.5z" />
  </Icon>
);
export const Pause = () => (
  <Icon size={24}>
    <path class="solid" d="M5 3.5h3.4v13H5zM11.6 3.5H15v13h-3.4z" />
  </Icon>
);
export const Previous = () => (
  <Icon>
    <path class="solid" d="M16 4.6v10.8a.5.5 0 0 1-.8.4L7.5 10.4a.5.5 0 0 1 0-.8l7.7-5.4a.5.5 0 0 1 .8.4zM4 4h1.8v12H4z" />
  </Icon>
);
export const Next = () => (
  <Icon>
    <path class="solid" d="M4 4.6v10.8a.5.5 0 0 0 .8.4l7.7-5.4a.5.5 0 0 0 0-.8L4.8 4.2a.5.5 0 0 0-.8.4zM14.2 4H16v12h-1.8z" />
  </Icon>
);
export const Loud = () => (
  <Icon>
    <path class="solid" d="M3 7.6h2.8L10 4v12l-4.2-3.600H3z" />
    <path d="M12.6 7.300a4 4 0 0 1 0 5.400M14.8 5a7.2 7.2 0 0 1 0 10" />
  </Icon>
);
export const Mute = () => (
  <Icon>
    <path class="solid" d="M3 7.6h2.8L10 4v12l-4.2-3.600H3z" />
    <path d="M13 7.800l4.4 4.400M17.4 7.8 13 12.2" />
  </Icon>
);
export const Search = () => (
  <Icon>
    <circle cx="8.8" cy="8.8" r="5" />
    <path d="m12.6 12.6 4 4" />
  </Icon>
);
export const Tune = () => (
  <Icon size={16}>
    <path d="M3 6h7M14 6h3M3 14h3M10 14h7" />
    <circle cx="12" cy="6" r="2" />
    <circle cx="8" cy="14" r="2" />
  </Icon>
);
export const Close = () => (
  <Icon>
    <path d="m5 5 10 10M15 5 5 15" />
  </Icon>
);
export const Fault = () => (
  <Icon size={16}>
    <path d="M10 2.8 18 16.800H2z" />
    <path d="M10 8v4M10 14.200v.3" />
  </Icon>
);
export const Measuring = () => (
  <Icon size={16}>
    <circle cx="10" cy="10" r="6.5" stroke-dasharray="2 2.5" />
  </Icon>
);
export const Panel = () => (
  <Icon>
    <path d="M3 4.500h14v11H3zM12 4.500v11" />
  </Icon>
);
export const Keys = () => (
  <Icon>
    <path d="M2.5 5.500h15v9h-15zM5.5 8.500h.1M8.5 8.500h.1M11.5 8.500h.1M14.5 8.500h.1M6.5 11.500h7" />
  </Icon>
);
export const Theme = () => (
  <Icon>
    <circle cx="10" cy="10" r="6.5" />
    <path class="solid" d="M10 3.500a6.5 6.5 0 0 1 0 13z" />
  </Icon>
);
export const Down = () => (
  <Icon>
    <path d="m5 8 5 5 5-5" />
  </Icon>
);

export const Order = () => (
  <Icon>
    <path d="M10 15.500v-11M5.500 9 10 4.500 14.500 9" />
  </Icon>
);
export const Shuffle = () => (
  <Icon size={16}>
    <path d="M2.500 6h3l6.500 8h5M2.500 14h3l1.800-2.200M10.200 8.200 12 6h5M14.800 3.500 17.300 6l-2.500 2.500M14.800 11.500l2.500 2.500-2.500 2.500" />
  </Icon>
);

export const HeartShape = () => (
  <Icon>
    <path d="M10 16.300C4.500 12.600 3 10.200 3 7.800a3.700 3.700 0 0 1 7-1.700 3.700 3.700 0 0 1 7 1.700c0 2.400-1.500 4.800-7 8.500z" />
  </Icon>
);
export const Dots = () => (
  <Icon>
    <path class="solid" d="M4.500 8.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3zM10 8.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3zM15.500 8.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3z" />
  </Icon>
);
export const Grip = () => (
  <Icon size={16}>
    <path d="M4 7h12M4 13h12" />
  </Icon>
);
export const Queue = () => (
  <Icon>
    <path d="M3 5h14M3 10h14M3 15h8" />
  </Icon>
);
export const Lyrics = () => (
  <Icon>
    <path d="M3 5h9M3 9h7M3 13h5M13.500 15.500v-9l3.500 1.500M13.500 15.500a2 1.700 0 1 1-4 0a2 1.700 0 1 1 4 0" />
  </Icon>
);
export const Directory = () => (
  <Icon>
    <path d="M2.500 5.500a1 1 0 0 1 1-1h4l2 2.500h7a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1z" />
  </Icon>
);
export const Repeat = ({ one = false }: { one?: boolean }) => (
  <Icon size={16}>
    <path d="M4 9V7.500A2.500 2.500 0 0 1 6.500 5H16M13.500 2.500 16 5l-2.500 2.500M16 11v1.500a2.500 2.500 0 0 1-2.500 2.500H4M6.500 17.500 4 15l2.500-2.500" />
    {one ? <path d="M9.200 8.800 10.300 8v4.200" /> : null}
  </Icon>
);
export const Radio = () => (
  <Icon size={16}>
    <path d="M6.500 13.500a5 5 0 0 1 0-7M13.500 6.500a5 5 0 0 1 0 7M4 16a8.500 8.500 0 0 1 0-12M16 4a8.500 8.500 0 0 1 0 12M10 9.500v1" />
  </Icon>
);
export const Undo = () => (
  <Icon size={16}>
    <path d="M7.500 4 4 7.500 7.500 11M4 7.500h7.500a4.500 4.500 0 0 1 0 9H8" />
  </Icon>
);

/** The sign of the house: a ring of 25 petals, as every track has one. */
export function Mark({ size = 28 }: { size?: number }) {
  const petals = Array.from({ length: 25 }, (_, i) => {
    const turn = (i / 25) * 2 * Math.PI - Math.PI / 2;
    const length = 2.2 + 4.4 * Math.abs(Math.sin(i * 1.7) * Math.cos(i * 0.6));
    const at = (r: number) => `${(16 + r * Math.cos(turn)).toFixed(2)} ${(16 + r * Math.sin(turn)).toFixed(2)}`;
    return `M${at(7)}L${at(7 + length)}`;
  });
  return (
    <svg class="mark" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={petals.join("")} />
    </svg>
  );
}
