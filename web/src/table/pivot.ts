/**
 * A pivot table made by dragging: columns are put into the boxes for rows, columns and values (with
 * the pointer or by the lists in the boxes), and the program's line for it is written and run.
 */

import { el, fill, freshId } from "../dom";
import { live, locale, t } from "../i18n";
import { icon } from "../icons";
import { type Column, isNumeric } from "./data";
import { FUNCTIONS, NUMERIC_ONLY, type Pivot, type PivotFunction, type Said, canTotal, isComplete, pivotProgram } from "./program";

type Zone = "rows" | "across" | "values";
const ZONES: readonly Zone[] = ["rows", "across", "values"];
const NAMES = { rows: "pivot.rows", across: "pivot.across", values: "pivot.values" } as const;
/** Columns that are offered as pieces to drag. */
const OFFERED = 200;
const DRAGGED = "application/x-datacode-column";

interface Boxes {
  rows: number[];
  across: number[];
  values: number[];
}

/** `problemOf` says why a line cannot be written; `write` writes the one that is made for a free name. */
export function makePivot(
  columns: readonly Column[],
  source: string,
  problemOf: (said: Said) => string,
  write: (make: (target: string) => Said) => void,
): HTMLElement {
  const boxes: Boxes = { rows: [], across: [], values: [] };
  let func: PivotFunction = "sum";
  let totals = false;
  const fields = el("div", { class: "pivot-fields" });
  const places = el("div", { class: "pivot-zones" });
  const line = el("code", { class: "pivot-line" });
  const button = el("button", { class: "button primary", attrs: { type: "button" } }, icon("play"), el("span", {}));
  const root = el("section", { class: "pivot" }, fields, places, el("div", { class: "pivot-foot" }, line, button));

  const nameOf = (column: number): string => columns[column]?.name || `#${column + 1}`;
  const pivot = (): Pivot => ({ rows: boxes.rows, across: boxes.across[0] ?? null, values: boxes.values, func, totals });
  const isNumber = (column: number): boolean => isNumeric(columns[column]!) || columns[column]!.type === "Currency";

  const put = (column: number, zone: Zone, at = boxes[zone].length): void => {
    for (const each of ZONES) {
      const known = boxes[each].indexOf(column);
      // A column may be counted and stand in the rows, too.
      const isBoth = each === "values" ? zone !== "values" : zone === "values";
      if (known < 0 || isBoth) continue;
      boxes[each].splice(known, 1);
      if (each === zone && known < at) at -= 1;
    }
    if (zone === "across") boxes.across = [column];
    else boxes[zone].splice(at, 0, column);
    if (zone === "values" && NUMERIC_ONLY.has(func) && boxes.values.some((each) => !isNumber(each))) func = "count";
    draw();
  };
  const remove = (column: number, zone: Zone): void => {
    boxes[zone] = boxes[zone].filter((each) => each !== column);
    draw();
    places.querySelector<HTMLElement>(`[data-zone="${zone}"] select`)?.focus();
  };

  const piece = (column: number, zone: Zone | null): HTMLElement => {
    const chip = el("span", { class: "pivot-piece", attrs: { draggable: "true" } }, el("span", { class: "pivot-name" }, nameOf(column)));
    chip.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData(DRAGGED, JSON.stringify([column, zone]));
      event.dataTransfer?.setData("text/plain", nameOf(column));
    });
    if (zone) {
      const label = t("pivot.remove", { name: nameOf(column), zone: t(NAMES[zone]) });
      chip.append(el("button", { class: "pivot-remove", attrs: { type: "button", "aria-label": label, title: label }, on: { click: () => remove(column, zone) } }, icon("close")));
    }
    return chip;
  };

  const box = (zone: Zone): HTMLElement => {
    const title = t(NAMES[zone]);
    const add = el(
      "select",
      { attrs: { "aria-label": t("pivot.add", { zone: title }) } },
      el("option", { attrs: { value: "" } }, t("pivot.addShort")),
      ...columns.flatMap((_, column) => (boxes[zone].includes(column) ? [] : [el("option", { attrs: { value: column } }, nameOf(column))])),
    );
    add.addEventListener("change", () => {
      if (add.value === "") return;
      put(Number(add.value), zone);
      places.querySelector<HTMLElement>(`[data-zone="${zone}"] select`)?.focus();
    });
    const chips = boxes[zone].map((column) => piece(column, zone));
    const body = el(
      "div",
      { class: "pivot-zone", attrs: { role: "group", "aria-label": title, "data-zone": zone } },
      el("h3", {}, title),
      el("div", { class: "pivot-pieces" }, ...chips),
      add,
      zone === "values" ? options() : null,
    );
    body.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes(DRAGGED)) return;
      event.preventDefault();
      body.classList.add("over");
    });
    body.addEventListener("dragleave", () => body.classList.remove("over"));
    body.addEventListener("drop", (event) => {
      const given = event.dataTransfer?.getData(DRAGGED);
      if (!given) return;
      event.preventDefault();
      event.stopPropagation();
      const [column, from] = JSON.parse(given) as [number, Zone | null];
      if (!columns[column]) return;
      if (from && from !== zone) boxes[from] = boxes[from].filter((each) => each !== column);
      const at = chips.findIndex((chip) => {
        const { left, right, top, bottom } = chip.getBoundingClientRect();
        return event.clientY < top || (event.clientY <= bottom && event.clientX < (left + right) / 2);
      });
      put(column, zone, at < 0 ? boxes[zone].length : at);
    });
    return body;
  };

  const options = (): HTMLElement => {
    const id = freshId("pivot");
    const choice = el("select", { id }, ...FUNCTIONS.map((each) => el("option", { attrs: { value: each, selected: each === func } }, t(`function.${each}`))));
    choice.addEventListener("change", () => {
      func = FUNCTIONS.find((each) => each === choice.value) ?? "sum";
      draw();
      places.querySelector<HTMLElement>(".pivot-options select")?.focus();
    });
    const sums = el("input", { attrs: { type: "checkbox", checked: totals, disabled: !canTotal(pivot()) } });
    sums.addEventListener("change", () => {
      totals = sums.checked;
      preview();
    });
    return el("div", { class: "pivot-options" }, el("label", { attrs: { for: id } }, t("pivot.function")), choice, el("label", { class: "pivot-check" }, sums, el("span", {}, t("pivot.totals"))));
  };

  const preview = (): void => {
    const isReady = isComplete(pivot());
    const said = isReady ? pivotProgram(source, "p", columns, pivot(), locale()) : null;
    const problem = said && "key" in said ? problemOf(said) : "";
    fill(line, said === null ? t("pivot.incomplete") : "key" in said ? problem : said.lines.slice(0, -1).join("\n"));
    line.classList.toggle("said", said !== null && !("key" in said));
    button.disabled = said === null || "key" in said;
  };

  const draw = (): void => {
    fill(fields, el("p", { class: "pivot-hint" }, t("pivot.hint")), el("div", { class: "pivot-pieces", attrs: { "aria-hidden": "true" } }, ...columns.slice(0, OFFERED).map((_, column) => piece(column, null))));
    fill(places, ...ZONES.map(box));
    preview();
  };

  button.addEventListener("click", () => {
    const made = pivot();
    write((target) => pivotProgram(source, target, columns, made, locale()));
  });
  live(root, () => {
    root.setAttribute("aria-label", t("pivot.title"));
    fill(button.lastElementChild!, t("pivot.write"));
    draw();
  });
  return root;
}
