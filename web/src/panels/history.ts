/** What was run before, kept in the browser; a click opens it in a new tab. */

import { el, fill } from "../dom";
import { live, say, t } from "../i18n";
import { icon } from "../icons";
import { isNumber, isRecord, isString, load, save } from "../storage";
import type { Panel } from "./panel";

interface Past {
  readonly at: number;
  readonly title: string;
  readonly code: string;
  readonly good: boolean;
}

const MOST = 100;
const LONGEST = 20_000;

function isPast(value: unknown): value is Past {
  return isRecord(value) && isNumber(value.at) && isString(value.title) && isString(value.code) && typeof value.good === "boolean";
}

export class HistoryPanel implements Panel {
  readonly key = "history";
  readonly title = "history.title";
  readonly icon = "history";
  readonly element: HTMLElement;
  private readonly list: HTMLElement;
  private past: Past[];

  constructor(private readonly open: (name: string, code: string) => void) {
    const stored = load<unknown[]>("history", [], (value): value is unknown[] => Array.isArray(value));
    this.past = stored.filter(isPast);
    this.list = el("div", { class: "panel-list" });
    const clear = el(
      "button",
      { class: "small-button", attrs: { type: "button" }, on: { click: () => this.clear() } },
      icon("trash"),
      say("history.clear"),
    );
    this.element = el("div", { class: "panel-body" }, el("div", { class: "panel-bar" }, clear), this.list);
    live(this.list, () => this.render());
  }

  /** Remembers a run; the same code again only moves to the front. */
  remember(title: string, code: string, good: boolean): void {
    const text = code.replace(/^\n+/, "");
    if (!text.trim() || text.length > LONGEST) return;
    const others = this.past.filter((entry) => entry.code !== text);
    this.past = [{ at: Date.now(), title, code: text, good }, ...others].slice(0, MOST);
    while (!save("history", this.past) && this.past.length > 1) this.past.length = this.past.length >> 1;
    this.render();
  }

  private clear(): void {
    this.past = [];
    save("history", this.past);
    this.render();
  }

  private render(): void {
    if (this.past.length === 0) {
      fill(this.list, el("p", { class: "panel-empty" }, t("history.none")));
      return;
    }
    fill(this.list, el("ul", { class: "cards" }, ...this.past.map((entry) => this.row(entry))));
  }

  private row(entry: Past): HTMLElement {
    const when = new Date(entry.at);
    const today = when.toDateString() === new Date().toDateString();
    const language = document.documentElement.lang;
    const clock = today
      ? when.toLocaleTimeString(language)
      : when.toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
    return el(
      "li",
      {},
      el(
        "button",
        {
          class: entry.good ? "card" : "card bad",
          attrs: { type: "button", title: t("history.open") },
          on: { click: () => this.open(entry.title, entry.code) },
        },
        el("span", { class: "card-title" }, entry.title),
        el("span", { class: "card-side" }, clock),
        el("code", { class: "card-code" }, entry.code.trim().split("\n").slice(0, 3).join("\n")),
      ),
    );
  }
}
