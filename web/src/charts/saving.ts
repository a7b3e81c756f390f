/** Charts as files: SVG, and PNG with two pixels for each of the picture's. */

import { download } from "../dom";
import { drawPicture } from "./picture";
import type { Language } from "./language";
import type { ChartModel } from "./model";
import { FILE_THEME, measureIn } from "./paper";
import { svg } from "../dom";

const SCALE = 2;

/** The picture as a file of its own: dark on white, without anything of the page. */
export function svgText(chart: ChartModel, language: Language): string {
  const { width, height } = chart;
  const paper = { theme: FILE_THEME, measure: measureIn(FILE_THEME), language, width, height };
  const { element } = drawPicture(paper, chart);
  element.prepend(svg("rect", { width, height, fill: FILE_THEME.surface }));
  for (const marked of [element, ...element.querySelectorAll("[class]")]) marked.removeAttribute("class");
  return new XMLSerializer().serializeToString(element);
}

export function saveSvg(chart: ChartModel, language: Language, name: string): void {
  download(`${name}.svg`, new Blob([svgText(chart, language)], { type: "image/svg+xml" }));
}

/** Saves the picture as PNG; false where the browser cannot make one. */
export async function savePng(chart: ChartModel, language: Language, name: string): Promise<boolean> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(chart, language))}`;
  try {
    await image.decode();
  } catch {
    return false;
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [chart.width * SCALE, chart.height * SCALE];
  const context = canvas.getContext("2d");
  if (!context) return false;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob) download(`${name}.png`, blob);
  return blob !== null;
}
