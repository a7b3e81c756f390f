/**
 * Printed text that grows while a program runs. Text is put into the page once for each
 * frame of the screen, in blocks that the browser need not lay out while out of sight, and
 * only the last part of very long output is shown; the whole is kept for copying and saving.
 */

import { el, fill } from "./dom";
import { size, t } from "./i18n";

const BLOCK = 32_768;
const SHOWN = 1_000_000;

export class TextView {
  readonly element = el("div", { class: "text-output" });
  private readonly hidden = el("p", { class: "text-hidden" });
  private readonly whole: string[] = [];
  private fresh: string[] = [];
  private last: { node: Text; length: number } | null = null;
  private shown = 0;
  private waiting = false;

  constructor(text = "") {
    this.hidden.hidden = true;
    this.element.append(this.hidden);
    if (text) this.append(text);
  }

  get text(): string {
    return this.whole.join("");
  }

  append(text: string): void {
    this.whole.push(text);
    this.fresh.push(text);
    if (this.waiting) return;
    this.waiting = true;
    // A page in the background gets no frames; the timer sees to it that it is drawn as well.
    let drawn = false;
    const draw = (): void => {
      if (drawn) return;
      drawn = true;
      this.waiting = false;
      this.draw();
    };
    requestAnimationFrame(draw);
    setTimeout(draw, 200);
  }

  /** Puts what has arrived into the page. */
  draw(): void {
    const text = this.fresh.join("");
    this.fresh = [];
    for (let at = Math.max(0, text.length - SHOWN - BLOCK); at < text.length; ) {
      const room = BLOCK - (this.last?.length ?? BLOCK);
      if (!this.last || room <= 0) {
        this.last = { node: document.createTextNode(""), length: 0 };
        this.element.append(el("pre", { class: "text-block" }, this.last.node));
        continue;
      }
      let end = Math.min(text.length, at + room);
      // Blocks end with lines, or a line would be broken in two where a block ends.
      const newline = text.lastIndexOf("\n", end - 1);
      if (end < text.length && newline >= at) end = newline + 1;
      const part = text.slice(at, end);
      this.last.node.appendData(part);
      this.last.length = end < text.length ? BLOCK : this.last.length + part.length;
      this.shown += part.length;
      at = end;
    }
    this.dropOld();
  }

  private dropOld(): void {
    while (this.shown > SHOWN && this.element.children.length > 2) {
      const oldest = this.element.children[1]!;
      this.shown -= oldest.textContent?.length ?? 0;
      oldest.remove();
    }
    const missing = this.whole.reduce((sum, part) => sum + part.length, 0) - this.shown;
    this.hidden.hidden = missing <= 0;
    if (missing > 0) fill(this.hidden, t("output.hidden", { size: size(missing) }));
  }
}
