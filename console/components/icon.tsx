/** Line icons, drawn on a 16 × 16 grid. They accompany a word and say nothing by themselves. */

const PATHS = {
  overview: "M2.5 9.5h4v4h-4zM2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM9.5 9.5h4v4h-4z",
  spend: "M2.5 13.5h11M4 11V8M7 11V4.5M10 11V6.5M13 11V2.5",
  user: "M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8zM2.75 13.5c.6-2.4 2.6-3.5 5.25-3.5s4.65 1.1 5.25 3.5",
  team: "M6 7.5a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5zM1.75 13c.5-2.2 2.1-3.25 4.25-3.25S9.75 10.8 10.25 13M10.5 3.2a2.25 2.25 0 0 1 0 4.1M12 9.9c1.3.5 2 1.5 2.25 3.1",
  live: "M8 9a1 1 0 1 0 0-2 1 1 0 0 0 0 2zM5.2 10.8a4 4 0 0 1 0-5.6M10.8 5.2a4 4 0 0 1 0 5.6M3 13a7 7 0 0 1 0-10M13 3a7 7 0 0 1 0 10",
  trace: "M2.5 3.5h6M5 8h7M8.5 12.5h5",
  session: "M2.5 3.5h11v7.5H7L4 13.5V11H2.5z",
  key: "M10.5 8.5a3 3 0 1 0-2.7-1.7L2.5 12v1.5h2.25V12H6.25v-1.5l1.75-1.6a3 3 0 0 0 2.5-.4zM10.75 5.25h.01",
  invite: "M2.5 4h11v8.5h-11zM2.5 4.5 8 9l5.5-4.5",
  cap: "M2.5 11.5a5.5 5.5 0 1 1 11 0M8 11.5l2.5-4M2.5 13.5h11",
  limit: "M8 2.5v11M4 5.5 8 2.5l4 3M3 13.5h10",
  privacy: "M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  boundary: "M8 2 13.5 4v4c0 3-2.25 5-5.5 6-3.25-1-5.5-3-5.5-6V4zM5.75 8l1.75 1.75 3-3.25",
  audit: "M4 2.5h6L12.5 5v8.5H4zM6 6.5h4M6 9h4M6 11.5h2.5",
  health: "M1.75 8.5H5L6.5 4l3 8 1.5-3.5h3.25",
  provider: "M3 3h10v4H3zM3 9h10v4H3zM5.25 5h.01M5.25 11h.01",
  price: "M2.5 8.5v-6h6l5 5-6 6zM5.5 5.5h.01",
  optimizer: "M8.75 2 4 9h3.5L7.25 14 12 7H8.5z",
  api: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  account:
    "M6.25 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.75 13.5c.5-2.4 2.2-3.5 4.5-3.5M11.5 8.5l2.5 1v1.75c0 1.3-.9 2.2-2.5 2.75-1.6-.55-2.5-1.45-2.5-2.75V9.5z",
  route:
    "M4 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM12 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM5.5 12h4a2 2 0 0 0 0-4h-3a2 2 0 0 1 0-4h4",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  patterns:
    "M2.5 2.5h5v5h-5zM11 2.5l2.75 5h-5.5zM5 9.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM9.5 9.5h4v4h-4z",
  warning: "M8 2.5 14 13H2zM8 6.5V9.5M8 11.25h.01",
  good: "M3 8.5 6.5 12 13 4.5",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5V11M8 5.25h.01",
  next: "M6 3.5 10.5 8 6 12.5",
  download: "M8 2.5v7.5M4.75 7 8 10.25 11.25 7M2.5 13.5h11",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The product's mark: rays that stay within a square. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M9 23 22 8M13.5 24 24 16M8 18.5 14.5 8" />
      <circle cx="9" cy="23" r="2.6" />
    </svg>
  );
}
