/** The head of a grid's column: name and type, sorting, its menu; it is dragged to move it, its edge to make it wider. */

import { el } from "../dom";
import { number, t } from "../i18n";
import { icon } from "../icons";
import type { Anchor } from "../popover";
import { type Column, isNumeric } from "./data";
import { typeName } from "./names";

export interface HeadEvents {
  readonly sort: (place: number, isFurther: boolean) => void;
  readonly menu: (place: number, anchor: Anchor) => void;
  /** The column is being dragged to a point of the screen. */
  readonly dragged: (place: number, x: number) => void;
  /** It was let go there; null where the reader gave up. */
  readonly dropped: (place: number, x: number | null) => void;
  readonly resized: (place: number, width: number) => void;
  readonly fit: (place: number) => void;
}

export interface Head {
  readonly column: Column;
  readonly place: number;
  readonly id: string;
  readonly width: number;
  readonly nulls: string;
  /** How it is sorted by, and as which key of how many. */
  readonly sorted: { readonly ascending: boolean; readonly key: number; readonly keys: number } | null;
}

const FAR = 6;
const NARROWEST = 40;
const WIDEST = 1200;

export function headCell(head: Head, events: HeadEvents, ...beneath: (HTMLElement | null)[]): HTMLElement {
  const { column, place, sorted } = head;
  const name = el(
    "span",
    { class: "grid-name" },
    el("span", { class: "grid-text" }, column.name || "\u00a0"),
    sorted ? icon(sorted.ascending ? "sortUp" : "sortDown") : null,
    sorted && sorted.keys > 1 ? el("sup", { class: "grid-key", attrs: { title: t("grid.sortedBy", { place: sorted.key }) } }, number(sorted.key)) : null,
  );
  const type = el("span", { class: "grid-type" }, typeName(column.type), head.nulls ? el("span", { class: "grid-nulls" }, ` · ${head.nulls}`) : null);
  let wasDragged = false;
  const button = el(
    "button",
    {
      class: "grid-sort",
      attrs: { type: "button", tabindex: -1, title: `${column.name} · ${t("table.sort")} · ${t("grid.menuKeys")}` },
      on: {
        click: (event) => {
          if (!wasDragged) events.sort(place, event.shiftKey);
          wasDragged = false;
        },
        pointerdown: (event) => {
          wasDragged = false;
          if (event.button === 0 && event.pointerType !== "touch") {
            follow(event, FAR, (x) => events.dragged(place, x), (x) => {
              wasDragged = true;
              events.dropped(place, x);
            });
          }
        },
      },
    },
    name,
    type,
  );
  const menu = el(
    "button",
    {
      class: "grid-menu",
      attrs: { type: "button", tabindex: -1, "aria-haspopup": "menu", "aria-label": t("grid.menu", { name: column.name }), title: t("grid.menu", { name: column.name }) },
      on: { click: () => events.menu(place, menu.getBoundingClientRect()) },
    },
    icon("chevron"),
  );
  const cell = el(
    "div",
    {
      class: isNumeric(column) ? "grid-column numeric" : "grid-column",
      id: head.id,
      attrs: {
        role: "columnheader",
        "aria-colindex": place + 1,
        "aria-sort": sorted ? (sorted.ascending ? "ascending" : "descending") : "none",
      },
    },
    el("div", { class: "grid-title" }, button, menu),
    ...beneath,
    edge(head, events),
  );
  cell.style.width = `${head.width}px`;
  return cell;
}

function edge({ place, width }: Head, events: HeadEvents): HTMLElement {
  const shown = (from: number, x: number): number => Math.max(NARROWEST, Math.min(WIDEST, width + x - from));
  const handle = el("div", {
    class: "grid-edge",
    attrs: { "aria-hidden": "true" },
    on: {
      dblclick: () => events.fit(place),
      pointerdown: (event) => {
        event.preventDefault();
        const { clientX } = event;
        const cell = handle.parentElement;
        const set = (x: number): void => {
          if (cell) cell.style.width = `${shown(clientX, x)}px`;
        };
        follow(event, 1, set, (x) => {
          if (x === null) set(clientX);
          else events.resized(place, shown(clientX, x));
        });
      },
    },
  });
  return handle;
}

/** Follows a pointer that is held down, once it has moved so far; Esc gives up. */
function follow(start: PointerEvent, far: number, moved: (x: number) => void, ended: (x: number | null) => void): void {
  let isMoving = false;
  const move = (event: PointerEvent): void => {
    if (event.pointerId !== start.pointerId) return;
    isMoving ||= Math.abs(event.clientX - start.clientX) >= far;
    if (isMoving) moved(event.clientX);
  };
  const stop = (x: number | null): void => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", up);
    removeEventListener("pointercancel", cancel);
    removeEventListener("keydown", key, true);
    if (isMoving) ended(x);
  };
  const up = (event: PointerEvent): void => {
    if (event.pointerId === start.pointerId) stop(event.clientX);
  };
  const cancel = (): void => stop(null);
  const key = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !isMoving) return;
    event.stopPropagation();
    event.preventDefault();
    stop(null);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", up);
  addEventListener("pointercancel", cancel);
  addEventListener("keydown", key, true);
}
