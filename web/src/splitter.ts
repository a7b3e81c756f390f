/** The bar between editor and output: dragged, or moved by arrows. */

import { el } from "./dom";
import { live, t } from "./i18n";
import { isNumber, load, save } from "./storage";

const SMALLEST = 15;
const LARGEST = 85;

/** A splitter of `parent`, which has its share in per cent in the variable `--split`. */
export function splitter(parent: HTMLElement, sideBySide: () => boolean): HTMLElement {
  let share = load("split", 55, isNumber);
  const bar = el("div", {
    class: "splitter",
    attrs: { role: "separator", tabindex: 0, "aria-valuemin": SMALLEST, "aria-valuemax": LARGEST, "aria-controls": "editor" },
  });
  const set = (value: number, keep: boolean): void => {
    share = Math.min(LARGEST, Math.max(SMALLEST, value));
    parent.style.setProperty("--split", `${share}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(share)));
    bar.setAttribute("aria-orientation", sideBySide() ? "vertical" : "horizontal");
    if (keep) save("split", share);
  };
  set(share, false);
  live(bar, () => bar.setAttribute("aria-label", t("split.label")));
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    event.preventDefault();
    bar.focus();
  });
  bar.addEventListener("pointermove", (event) => {
    if (!bar.hasPointerCapture(event.pointerId)) return;
    const box = parent.getBoundingClientRect();
    const part = sideBySide() ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height;
    set(part * 100, true);
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -4, ArrowLeft: -4, ArrowDown: 4, ArrowRight: 4 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    set(share + step, true);
  });
  bar.addEventListener("dblclick", () => set(55, true));
  return bar;
}
