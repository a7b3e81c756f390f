/** The columns of a table as a list: which are shown, and in which order. */

import { el, fill } from "../dom";
import { t } from "../i18n";
import { icon } from "../icons";
import type { Column } from "./data";
import { type Layout, firstLayout, moved, shownColumns, withHidden } from "./layout";

/** From so many columns on they can be searched. */
const MANY = 12;
const LISTED = 300;

export function columnList(columns: readonly Column[], first: Layout, change: (layout: Layout) => void): HTMLElement {
  let layout = first;
  const list = el("ul", { class: "columns-list" });
  const search = el("input", { class: "values-search", attrs: { type: "text", placeholder: t("columns.search"), "aria-label": t("columns.search") } });
  const set = (next: Layout, focus?: () => HTMLElement | null): void => {
    layout = next;
    change(next);
    draw();
    focus?.()?.focus();
  };
  const line = (column: number): HTMLElement => {
    const name = columns[column]?.name || `#${column + 1}`;
    const isShown = !layout.hidden.has(column);
    const box = el("input", { attrs: { type: "checkbox", checked: isShown, "data-column": column } });
    box.addEventListener("change", () => set(withHidden(layout, column, !box.checked), () => list.querySelector(`input[data-column="${column}"]`)));
    const move = (by: number): HTMLElement => {
      const key = by < 0 ? "columns.up" : "columns.down";
      const button = el(
        "button",
        { class: "icon-button", attrs: { type: "button", "aria-label": t(key, { name }), title: t(key, { name }), "data-move": `${column} ${by}`, disabled: !isShown } },
        icon(by < 0 ? "sortUp" : "sortDown"),
      );
      button.addEventListener("click", () => {
        const place = shownColumns(layout).indexOf(column);
        set(moved(layout, column, place + by), () => list.querySelector(`[data-move="${column} ${by}"]`));
      });
      return button;
    };
    return el("li", {}, el("label", { class: "values-line" }, box, el("span", { class: "values-text" }, name)), move(-1), move(1));
  };
  const draw = (): void => {
    const needle = search.value.trim().toLowerCase();
    const found = layout.order.filter((column) => (columns[column]?.name ?? "").toLowerCase().includes(needle));
    fill(list, ...found.slice(0, LISTED).map(line));
  };
  search.addEventListener("input", draw);
  const button = (key: "columns.all" | "columns.reset", next: () => Layout): HTMLElement =>
    el("button", { class: "small-button", attrs: { type: "button" }, on: { click: () => set(next()) } }, t(key));
  draw();
  return el(
    "div",
    { class: "values" },
    columns.length >= MANY ? search : null,
    list,
    el(
      "div",
      { class: "popover-buttons" },
      button("columns.all", () => ({ ...layout, hidden: new Set() })),
      button("columns.reset", () => firstLayout(columns.length)),
    ),
  );
}
