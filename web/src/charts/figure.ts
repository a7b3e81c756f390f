/** A chart in the page: its picture as wide as there is room, values beside the pointer, and its files. */

import { announce } from "../announce";
import { el, fileName, fill } from "../dom";
import { live, locale, named, t } from "../i18n";
import { icon } from "../icons";
import { Hover } from "./hover";
import type { Language } from "./language";
import { type ChartModel, seriesNames } from "./model";
import { PAGE_THEME, measureIn } from "./paper";
import { drawPicture } from "./picture";
import { savePng, saveSvg } from "./saving";

const NARROWEST = 260;
const LOWEST = 240;

export interface Figure {
  readonly element: HTMLElement;
  /** Draws again, after the chart has become another. */
  readonly draw: () => void;
}

/** A figure of the chart that `read` gives in a language; null where it cannot be drawn. */
export function makeFigure(read: (language: Language) => ChartModel | null): Figure {
  const picture = el("div", { class: "chart-picture" });
  let drawnFor = 0;
  const draw = (): void => {
    const chart = read(locale());
    drawnFor = picture.clientWidth;
    if (!chart) {
      fill(picture, el("p", { class: "chart-none" }, t("chart.unknown")));
      return;
    }
    const width = Math.max(NARROWEST, Math.min(chart.width, picture.clientWidth || chart.width));
    const height = Math.round(Math.max(LOWEST, chart.height * Math.min(1, 0.45 + (0.55 * width) / chart.width)));
    const paper = { theme: PAGE_THEME, measure: measureIn(PAGE_THEME), language: locale(), width, height };
    const drawn = drawPicture(paper, chart);
    drawn.element.setAttribute("role", "img");
    drawn.element.setAttribute("aria-label", nameOf(chart));
    drawn.element.setAttribute("tabindex", "0");
    fill(picture, drawn.element);
    new Hover(drawn, picture);
  };
  new ResizeObserver(() => {
    if (picture.clientWidth !== drawnFor && picture.clientWidth > 0) draw();
  }).observe(picture);
  live(picture, draw);
  return { element: el("figure", { class: "chart-figure" }, picture, savingButtons(read)), draw };
}

/** What the chart is, for those who do not see it. */
function nameOf(chart: ChartModel): string {
  const kind = t(`chart.kind.${chart.kind}`);
  const axes = [chart.y.title, chart.x.title].filter(Boolean).join(" / ");
  return [kind, chart.title, axes, seriesNames(chart).slice(0, 10).join(", ")].filter(Boolean).join(": ");
}

function savingButtons(read: (language: Language) => ChartModel | null): HTMLElement {
  const button = (kind: "SVG" | "PNG", key: "chart.save" | "chart.savePng", save: (chart: ChartModel, name: string) => void) =>
    named(
      el(
        "button",
        {
          class: "small-button",
          attrs: { type: "button" },
          on: {
            click: () => {
              const chart = read(locale());
              if (chart) save(chart, fileName(chart.title, "chart"));
            },
          },
        },
        icon("download"),
        el("span", {}, kind),
      ),
      key,
    );
  return el(
    "div",
    { class: "chart-actions" },
    button("SVG", "chart.save", (chart, name) => saveSvg(chart, locale(), name)),
    button("PNG", "chart.savePng", (chart, name) => {
      void savePng(chart, locale(), name).then((done) => {
        if (!done) announce(t("chart.noPng"), true);
      });
    }),
  );
}
