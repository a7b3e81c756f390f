/** The side panels and the row of buttons that chooses one. */

import { el } from "./dom";
import { live, named, say, t } from "./i18n";
import { icon } from "./icons";
import type { Panel } from "./panels/panel";
import { isString, load, save } from "./storage";

export class Sidebar {
  readonly rail: HTMLElement;
  readonly element: HTMLElement;
  private readonly buttons = new Map<string, HTMLElement>();
  private active = "";

  constructor(private readonly panels: readonly Panel[], private readonly changed: () => void) {
    this.rail = el("div", { class: "rail", attrs: { role: "tablist", "aria-orientation": "vertical" } });
    live(this.rail, () => this.rail.setAttribute("aria-label", t("side.label")));
    this.element = el("aside", { class: "side" });
    live(this.element, () => this.element.setAttribute("aria-label", t("side.label")));
    for (const panel of panels) this.addPanel(panel);
    this.rail.addEventListener("keydown", (event) => this.key(event));
    const stored = load("panel", "samples", isString);
    const narrow = matchMedia("(max-width: 800px)").matches;
    this.show(narrow ? "" : stored);
    if (narrow) this.buttons.get("variables")!.tabIndex = 0;
  }

  get open(): boolean {
    return this.active !== "";
  }

  /** Shows a panel; an empty or unknown key shows none. */
  show(key: string): void {
    this.active = this.panels.some((panel) => panel.key === key) ? key : "";
    let first = true;
    for (const panel of this.panels) {
      const selected = panel.key === this.active;
      const button = this.buttons.get(panel.key)!;
      button.setAttribute("aria-selected", String(selected));
      button.tabIndex = selected || (this.active === "" && first) ? 0 : -1;
      first = false;
      panel.element.parentElement!.hidden = !selected;
      if (selected) panel.shown?.();
    }
    this.element.hidden = !this.open;
    this.changed();
  }

  private addPanel(panel: Panel): void {
    const [tabId, panelId] = [`tab-${panel.key}`, `panel-${panel.key}`];
    const button = el(
      "button",
      {
        class: "rail-button",
        id: tabId,
        attrs: { type: "button", role: "tab", "aria-controls": panelId },
        on: {
          click: () => {
            this.show(this.active === panel.key ? "" : panel.key);
            save("panel", this.active);
          },
        },
      },
      icon(panel.icon),
      el("span", { class: "rail-name" }, say(panel.title)),
    );
    this.buttons.set(panel.key, button);
    this.rail.append(button);
    const title = el("h2", { class: "panel-title" });
    live(title, () => {
      title.textContent = t(panel.title);
    });
    const close = named(
      el("button", { class: "icon-button side-close", attrs: { type: "button" }, on: { click: () => this.close() } }, icon("close")),
      "side.close",
    );
    this.element.append(
      el(
        "section",
        { class: "panel", id: panelId, attrs: { role: "tabpanel", "aria-labelledby": tabId } },
        el("div", { class: "panel-head" }, title, close),
        panel.element,
      ),
    );
  }

  private close(): void {
    const button = this.buttons.get(this.active);
    this.show("");
    save("panel", "");
    button?.focus();
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const buttons = [...this.buttons.values()];
    const place = buttons.indexOf(document.activeElement as HTMLElement);
    buttons[(place + step + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
  }
}
