/** Icons, drawn as SVG paths on a 20 by 20 grid. They are decoration: names come from labels. */

import { svg } from "./dom";

const PATHS = {
  play: "M6 4.2v11.6L15.5 10z",
  stop: "M5.5 5.5h9v9h-9z",
  plus: "M10 4v12M4 10h12",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  sun: "M10 6.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M15.8 4.2l-1.4 1.4M5.6 14.4l-1.4 1.4",
  moon: "M16.5 11.8A6.8 6.8 0 018.2 3.5a6.8 6.8 0 108.3 8.3z",
  auto: "M10 3a7 7 0 100 14zM10 3a7 7 0 010 14",
  help: "M7.6 7.4a2.5 2.5 0 114 2.2c-1 .7-1.6 1.2-1.6 2.3M10 14.7v.1M10 2.5a7.5 7.5 0 100 15 7.5 7.5 0 000-15z",
  variables: "M7 3.5c-2 0-2 1-2 2.6 0 2-.4 3.2-2 3.9 1.6.7 2 1.9 2 3.9 0 1.6 0 2.6 2 2.6M13 3.5c2 0 2 1 2 2.6 0 2 .4 3.2 2 3.9-1.6.7-2 1.9-2 3.9 0 1.6 0 2.6-2 2.6",
  share: "M3 4h14v5H3zM3 11h14v5H3zM6 6.5h.1M6 13.5h.1",
  files: "M5 2.5h6.5L16 7v10.5H5zM11.5 2.5V7H16",
  library: "M4.5 3h9a2 2 0 012 2v12h-9a2 2 0 01-2-2zM4.5 15a2 2 0 012-2h9M7.5 6.5h5",
  samples: "M4 4.5h12M4 8.2h12M4 11.9h8M4 15.6h5",
  history: "M3.5 10a6.5 6.5 0 102-4.7L3.5 7.2M3.5 3.5v3.7h3.7M10 6.5V10l2.6 1.7",
  folder: "M2.5 5h5l1.7 2h8.3v8.5h-15z",
  file: "M5.5 3h6l3.5 3.5V17h-9.5zM11.5 3v3.5H15",
  chevron: "M7.5 5l5 5-5 5",
  upload: "M10 13.5V3.5M6 7l4-4 4 4M3.5 13v3.5h13V13",
  download: "M10 3.5v10M6 9.5l4 4 4-4M3.5 13v3.5h13V13",
  search: "M8.7 3.2a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM12.7 12.7l4.3 4.3",
  trash: "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11",
  print: "M5.5 7V3h9v4M5.5 14H3V7h14v7h-2.5M5.5 11.5h9V17h-9z",
  report: "M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5M7.5 10h6M7.5 13h6",
  pdf: "M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5M10 8.5v6M7.5 12l2.5 2.5 2.5-2.5",
  link: "M8.5 11.5a3 3 0 004.300.2l2.700-2.700a3 3 0 00-4.200-4.200L10 6M11.500 8.500a3 3 0 00-4.300-.2L4.500 11a3 3 0 004.200 4.200L10 14",
  save: "M3.5 3.5h10l3 3v10h-13zM6.5 3.5v4h6v-4M6.5 16.5v-5h7v5",
  copy: "M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7",
  chart: "M3.5 3.5v13h13M7 13.5V9.5M10.5 13.5v-7M14 13.5v-5",
  filter: "M3 4.5h14l-5.5 6.5v5l-3 1.5V11z",
  refresh: "M16.5 10a6.5 6.5 0 11-2-4.7l2 1.9M16.5 3.5v3.7h-3.7",
  columns: "M3.5 4h13v12h-13zM8 4v12M12.2 4v12",
  pivot: "M3.5 3.5h13v13h-13zM3.5 8h13M8 3.5v13M11 13.5l2.5-2.5M13.5 13.5v-2.5h-2.5",
  statistics: "M3.5 16.5h13M5.5 16.5v-5M9 16.5v-9M12.5 16.5v-12M15.5 16.5v-7",
  program: "M7 6l-4 4 4 4M13 6l4 4-4 4M11.5 4l-3 12",
  pin: "M7 3h6l-1 5 3 3H5l3-3zM10 11v6",
  plug: "M7 3v4M13 3v4M5 7h10v3a5 5 0 01-10 0zM10 15v3",
  bulb: "M7.5 14.5v-1.6a5 5 0 115 0v1.6zM8 17.2h4",
  expand: "M12 3.5h4.5V8M8 16.5H3.5V12M16.5 3.5l-5 5M3.5 16.5l5-5",
  layout: "M3 3.5h14v13H3zM10 3.5v13",
  edit: "M3.5 16.5l1-4 9-9 3 3-9 9zM11.5 5.5l3 3",
  warning: "M10 3l7.5 13.5h-15zM10 8v4M10 14.2v.1",
  check: "M4 10.5l4 4 8-9",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  rename: "M12.5 3.5c-1.5 0-2 .7-2 2v9c0 1.3-.5 2-2 2M8.5 3.5c1.500 0 2 .7 2 2M12.5 16.500c-1.5 0-2-.7-2-2M8 6.500H3v7h5M13 6.500h4v7h-4",
  eye: "M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10zM10 7.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5z",
  undo: "M7.5 4L3.5 8l4 4M3.5 8h8a4.5 4.5 0 010 9H7",
  sortUp: "M10 15V5M6 9l4-4 4 4",
  sortDown: "M10 5v10M6 11l4 4 4-4",
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<IconName> = new Set(["play", "stop"]);

/** An icon as an SVG element, hidden from assistive technology. */
export function icon(name: IconName): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 20 20", class: FILLED.has(name) ? "icon filled" : "icon", "aria-hidden": "true" },
    svg("path", { d: PATHS[name] }),
  );
}
