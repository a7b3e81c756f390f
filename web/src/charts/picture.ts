/** A chart as SVG, with what a pointer can find on it. */

import { svg } from "../dom";
import { t } from "../i18n";
import { type Drawn, drawBars, drawHistogram } from "./bars";
import { drawBoxes } from "./boxes";
import { drawLegend, drawTitle, legendOf } from "./frame";
import { drawHeatmap } from "./heatmap";
import { type Hits, NO_HITS } from "./hits";
import { drawLines } from "./lines";
import { type ChartModel, seriesNames } from "./model";
import { type Paper, textAt } from "./paper";
import { drawPie } from "./pie";

export interface Picture {
  readonly element: SVGElement;
  readonly hits: Hits;
}

/** Draws a chart as wide and high as the paper is. */
export function drawPicture(paper: Paper, chart: ChartModel): Picture {
  const title = drawTitle(paper, chart.title);
  const names = chart.kind === "pie" || chart.kind === "heatmap" ? [] : seriesNames(chart);
  const legend = drawLegend(paper, chart.legend, legendOf(paper, names), title.bottom);
  const { shapes, hits } = isEmpty(chart) ? nothing(paper) : drawMarks(paper, chart, legend.bottom);
  const element = svg(
    "svg",
    {
      viewBox: `0 0 ${paper.width} ${paper.height}`,
      width: paper.width,
      height: paper.height,
      "font-family": paper.theme.font,
      class: `chart-svg ${chart.kind}`,
    },
    ...title.shapes,
    ...legend.shapes,
    ...shapes,
  );
  return { element, hits };
}

function isEmpty(chart: ChartModel): boolean {
  const hasPoints = chart.layers.some((layer) => layer.series.some((series) => series.x.length > 0));
  return !hasPoints && !chart.boxes.some(Boolean) && !chart.cells.some((row) => row.some((cell) => cell !== null));
}

function nothing(paper: Paper): Drawn {
  return { shapes: [textAt(paper.theme, paper.width / 2, paper.height / 2, t("chart.empty"), { anchor: "middle" })], hits: NO_HITS };
}

function drawMarks(paper: Paper, chart: ChartModel, top: number): Drawn {
  switch (chart.kind) {
    case "bar":
    case "barh":
    case "stacked":
    case "combined":
      return drawBars(paper, chart, top);
    case "histogram":
      return drawHistogram(paper, chart, top);
    case "pie":
      return drawPie(paper, chart, top);
    case "heatmap":
      return drawHeatmap(paper, chart, top);
    case "box":
      return drawBoxes(paper, chart, top, {
        high: t("chart.high"),
        q3: t("chart.q3"),
        median: t("chart.median"),
        q1: t("chart.q1"),
        low: t("chart.low"),
        beyond: t("chart.beyond"),
      });
    case "line":
    case "area":
    case "scatter":
      return drawLines(paper, chart, top);
  }
}
