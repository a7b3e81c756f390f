/** Values beside the pointer, or beside what the arrow keys have chosen. */

import { el, fill, svg } from "../dom";
import { speak } from "../announce";
import type { Hit } from "./hits";
import { round } from "./paper";
import type { Picture } from "./picture";

const MOST_ROWS = 12;

/** Shows values over a picture; `place` is positioned around the picture. */
export class Hover {
  private readonly tip = el("div", { class: "chart-tip", attrs: { "aria-hidden": "true" } });
  private readonly marks = svg("g", { "aria-hidden": "true", "pointer-events": "none" });
  private chosen: number | null = null;

  constructor(
    private readonly picture: Picture,
    private readonly place: HTMLElement,
  ) {
    const { element } = picture;
    element.append(this.marks);
    this.tip.hidden = true;
    place.append(this.tip);
    element.addEventListener("pointermove", (event) => this.point(event));
    element.addEventListener("pointerdown", (event) => this.point(event));
    element.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") this.choose(null);
    });
    element.addEventListener("blur", () => this.choose(null));
    element.addEventListener("keydown", (event) => this.key(event));
  }

  private point(event: PointerEvent): void {
    const box = this.picture.element.getBoundingClientRect();
    const scale = this.scale(box);
    this.choose(this.picture.hits.find((event.clientX - box.left) / scale, (event.clientY - box.top) / scale));
  }

  private scale(box: DOMRect): number {
    return box.width / (Number(this.picture.element.getAttribute("width")) || box.width) || 1;
  }

  private key(event: KeyboardEvent): void {
    const last = this.picture.hits.all.length - 1;
    const at = this.chosen;
    const next = { ArrowRight: at === null ? 0 : at + 1, ArrowLeft: at === null ? last : at - 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape" && at !== null) this.choose(null);
    else if (next === undefined || last < 0) return;
    else {
      const index = Math.min(last, Math.max(0, next));
      this.choose(index);
      const hit = this.picture.hits.all[index]!;
      speak([hit.title, ...hit.rows.map(({ name, value }) => (name ? `${name}: ${value}` : value))].join(", "));
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private choose(index: number | null): void {
    if (index === this.chosen) return;
    this.chosen = index;
    const hit = index === null ? undefined : this.picture.hits.all[index];
    this.tip.hidden = !hit;
    fill(this.marks);
    if (hit) this.show(hit);
  }

  private show(hit: Hit): void {
    const rows = hit.rows.slice(0, MOST_ROWS).map(({ color, name, value }) =>
      el(
        "div",
        { class: "chart-tip-row" },
        color === "none" ? null : svg("svg", { class: "chart-swatch", viewBox: "0 0 10 10" }, svg("rect", { width: 10, height: 10, rx: 2, fill: color })),
        name ? el("span", { class: "chart-tip-name" }, name) : null,
        el("b", {}, value),
      ),
    );
    const more = hit.rows.length > MOST_ROWS ? el("div", { class: "chart-tip-name" }, `+${hit.rows.length - MOST_ROWS}`) : null;
    fill(this.tip, hit.title ? el("div", { class: "chart-tip-title" }, hit.title) : null, ...rows, more);
    for (const { x, y, color } of hit.dots.slice(0, 100)) {
      this.marks.append(svg("circle", { cx: round(x), cy: round(y), r: 5, fill: color, stroke: "var(--surface)", "stroke-width": 2 }));
    }
    const [frame, box] = [this.place.getBoundingClientRect(), this.picture.element.getBoundingClientRect()];
    const scale = this.scale(box);
    const [x, y] = [box.left - frame.left + hit.x * scale, box.top - frame.top + hit.y * scale];
    const { offsetWidth, offsetHeight } = this.tip;
    const isRight = x + 14 + offsetWidth <= frame.width;
    const left = isRight ? x + 14 : Math.max(0, x - 14 - offsetWidth);
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${Math.max(0, Math.min(y - offsetHeight / 2, frame.height - offsetHeight))}px`;
  }
}
