/** The choice of how a column's numbers or dates are written. It acts at once. */

import { el, fill, freshId } from "../dom";
import { locale, t } from "../i18n";
import type { Cell, Column } from "./data";
import { type Format, MOST_DECIMALS, PICTURES, type Picture, formatKinds, formattedCell } from "./formats";

const SAMPLE_DATE = "2026-01-31";

export function formatForm(column: Column, current: Format, sample: Cell, change: (format: Format) => void, done: () => void): HTMLElement {
  let format = current;
  const example = el("p", { class: "grid-note", attrs: { role: "status" } });
  const labelled = (key: Parameters<typeof t>[0], control: HTMLElement): HTMLElement => {
    control.id = freshId("format");
    return el("div", { class: "format-line" }, el("label", { attrs: { for: control.id } }, t(key)), control);
  };
  const kind = el("select", { attrs: { autofocus: true } }, ...formatKinds(column).map((each) => el("option", { attrs: { value: each, selected: each === format.kind } }, t(`format.${each}`))));
  const counted = current.kind === "number" || current.kind === "percent" ? current : { decimals: 2, grouped: true };
  const decimals = el("input", { attrs: { type: "number", min: 0, max: MOST_DECIMALS, step: 1, value: counted.decimals } });
  const grouped = el("input", { attrs: { type: "checkbox", checked: counted.grouped } });
  const picture = el(
    "select",
    {},
    ...PICTURES.map((each) => {
      const text = formattedCell(SAMPLE_DATE, { ...column, type: "Date" }, { kind: "date", picture: each }, locale());
      return el("option", { attrs: { value: each, selected: current.kind === "date" && current.picture === each } }, text);
    }),
  );
  const more = el("div", { class: "format-more" });
  const lines = {
    decimals: labelled("format.decimals", decimals),
    grouped: labelled("format.grouped", grouped),
    picture: labelled("format.picture", picture),
  };
  const read = (): Format => {
    const count = Math.max(0, Math.min(MOST_DECIMALS, Math.round(Number(decimals.value) || 0)));
    switch (kind.value) {
      case "number":
      case "percent":
        return { kind: kind.value, decimals: count, grouped: grouped.checked };
      case "plain":
        return { kind: "plain" };
      case "date":
        return { kind: "date", picture: picture.value as Picture };
      default:
        return { kind: "auto" };
    }
  };
  const draw = (): void => {
    const isNumber = kind.value === "number" || kind.value === "percent";
    fill(more, ...(isNumber ? [lines.decimals, lines.grouped] : kind.value === "date" ? [lines.picture] : []));
    fill(example, sample === null ? "" : t("format.example", { text: formattedCell(sample, column, format, locale()) }));
  };
  const changed = (): void => {
    format = read();
    draw();
    change(format);
  };
  for (const control of [kind, decimals, grouped, picture]) control.addEventListener("input", changed);
  draw();
  return el(
    "form",
    {
      class: "format-form",
      on: {
        submit: (event) => {
          event.preventDefault();
          done();
        },
      },
    },
    labelled("format.kind", kind),
    more,
    example,
    el("div", { class: "popover-buttons" }, el("button", { class: "button primary", attrs: { type: "submit" } }, t("format.done"))),
  );
}
