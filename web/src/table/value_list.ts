/** A choice among the values of a column: those that are in sight are ticked and unticked. */

import { announce } from "../announce";
import { el, fill } from "../dom";
import { number, t } from "../i18n";
import type { Cell, Column } from "./data";
import { type Choice, valueKey } from "./filters";
import type { Format } from "./formats";
import { NoRows, type Rows } from "./rows";
import type { ValueList } from "./statistics";
import { valueText } from "./statistics_view";

/** Values that are listed at once, and that a filter may name. */
const LISTED = 300;
const MOST_CHOSEN = 2000;
const TYPING = 200;

/** All values but some, or some of them only. */
class Ticks {
  private isAll: boolean;
  private readonly others = new Map<string, Cell>();

  constructor(choice: Choice | null) {
    this.isAll = choice?.isWithout ?? true;
    for (const value of choice?.values ?? []) this.others.set(valueKey(value), value);
  }

  has(value: Cell): boolean {
    return this.others.has(valueKey(value)) !== this.isAll;
  }

  set(value: Cell, isOn: boolean): void {
    if (isOn === this.isAll) this.others.delete(valueKey(value));
    else this.others.set(valueKey(value), value);
  }

  setAll(isAll: boolean): void {
    this.isAll = isAll;
    this.others.clear();
  }

  get choice(): Choice | null {
    if (this.isAll && this.others.size === 0) return null;
    return { values: [...this.others.values()], isWithout: this.isAll };
  }
}

export function valueList(rows: Rows, column: Column, index: number, format: Format, choice: Choice | null, apply: (choice: Choice | null) => void): HTMLElement {
  const ticks = new Ticks(choice);
  let listed: ValueList = { values: [], distinct: 0 };
  let asking = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const search = el("input", { class: "values-search", attrs: { type: "text", autofocus: true, placeholder: t("values.search"), "aria-label": t("values.search"), spellcheck: "false", autocomplete: "off" } });
  const all = el("input", { attrs: { type: "checkbox" } });
  const list = el("div", { class: "values-list", attrs: { role: "group", "aria-label": t("values.title", { name: column.name }) } });
  const note = el("p", { class: "grid-note", attrs: { role: "status" } });
  const boxes = (): HTMLInputElement[] => [...list.querySelectorAll("input")];

  const tick = (): void => {
    const on = listed.values.filter(([value]) => ticks.has(value)).length;
    all.checked = on > 0 && on === listed.values.length;
    all.indeterminate = on > 0 && on < listed.values.length;
    boxes().forEach((box, place) => (box.checked = ticks.has(listed.values[place]![0])));
  };
  const draw = (): void => {
    const lines = listed.values.map(([value, count], place) => {
      const box = el("input", { attrs: { type: "checkbox", tabindex: place === 0 ? 0 : -1 }, on: { change: () => {
        ticks.set(value, box.checked);
        tick();
      } } });
      const text = valueText(value, column, format);
      const isSpecial = value === null || value === "";
      return el("label", { class: "values-line" }, box, el("span", { class: isSpecial ? "values-text special" : "values-text", attrs: { title: text.slice(0, 500) } }, text), el("span", { class: "values-count" }, number(count)));
    });
    fill(list, ...lines);
    const { distinct } = listed;
    const part = listed.values.length < distinct ? t("values.part", { n: number(listed.values.length), all: number(distinct) }) : t("values.found", { n: distinct });
    fill(note, distinct === 0 ? t("values.none") : part);
    tick();
  };
  const ask = async (): Promise<void> => {
    asking += 1;
    const turn = asking;
    const waiting = setTimeout(() => fill(note, t("values.loading")), 300);
    try {
      const found = await rows.values(index, search.value, LISTED);
      if (turn !== asking) return;
      listed = found;
      draw();
    } catch (error) {
      if (!(error instanceof NoRows)) throw error;
      if (turn === asking) fill(note, error.message);
    } finally {
      clearTimeout(waiting);
    }
  };
  const done = (): void => {
    const chosen = ticks.choice;
    if (chosen && chosen.values.length > MOST_CHOSEN) announce(t("values.tooMany", { n: number(MOST_CHOSEN) }), true);
    else apply(chosen);
  };
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), TYPING);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      done();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      boxes()[0]?.focus();
    }
  });
  all.addEventListener("change", () => {
    const isOn = all.checked;
    if (!search.value.trim()) ticks.setAll(isOn);
    else for (const [value] of listed.values) ticks.set(value, isOn);
    tick();
  });
  list.addEventListener("keydown", (event) => {
    const found = boxes();
    const at = found.indexOf(document.activeElement as HTMLInputElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: found.length - 1 }[event.key];
    if (event.key === "Enter") done();
    else if (to === -1) search.focus();
    else if (to !== undefined) found[Math.min(to, found.length - 1)]?.focus();
    else return;
    event.preventDefault();
  });
  const only = el("button", { class: "small-button", attrs: { type: "button" }, on: { click: () => {
    ticks.setAll(false);
    for (const [value] of listed.values) ticks.set(value, true);
    tick();
  } } }, t("values.only"));
  const content = el(
    "div",
    { class: "values" },
    search,
    el("label", { class: "values-line values-all" }, all, el("span", { class: "values-text" }, t("values.all")), only),
    list,
    note,
    el("div", { class: "popover-buttons" }, el("button", { class: "button primary", attrs: { type: "button" }, on: { click: done } }, t("values.apply"))),
  );
  void ask();
  return content;
}
