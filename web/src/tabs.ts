/** The row of tabs: choose, rename (double click or F2), close, move by dragging or keys. */

import { el, fill } from "./dom";
import { live, named, t } from "./i18n";
import { icon } from "./icons";
import type { Doc, Documents } from "./documents";

export interface TabEvents {
  readonly choose: (id: string) => void;
  readonly close: (id: string) => void;
  readonly create: () => void;
  /** Names or order changed. */
  readonly changed: () => void;
}

export class Tabs {
  readonly element: HTMLElement;
  private readonly list: HTMLElement;
  private dragged = "";
  private renaming = false;

  constructor(private readonly documents: Documents, private readonly events: TabEvents) {
    this.list = named(el("div", { class: "tabs-list", attrs: { role: "tablist" } }), "tabs.label");
    this.list.removeAttribute("title");
    const create = named(
      el("button", { class: "icon-button tabs-new", attrs: { type: "button" }, on: { click: () => events.create() } }, icon("plus")),
      "tabs.new",
    );
    this.element = el("div", { class: "tabs" }, this.list, create);
    live(this.list, () => {
      this.list.setAttribute("aria-label", t("tabs.label"));
      this.render();
    });
  }

  render(focus = false): void {
    if (this.renaming) return;
    const active = this.documents.active.id;
    fill(this.list, ...this.documents.all.map((doc) => this.tab(doc, doc.id === active)));
    const tab = this.list.querySelector<HTMLElement>("[aria-selected=true]");
    if (focus) tab?.focus();
    tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  private tab(doc: Doc, selected: boolean): HTMLElement {
    const close = el(
      "span",
      {
        class: "tab-close",
        attrs: { "aria-hidden": "true", title: t("tabs.close") },
        on: {
          click: (event) => {
            event.stopPropagation();
            this.events.close(doc.id);
          },
        },
      },
      icon("close"),
    );
    const tab = el(
      "div",
      {
        class: selected ? "tab selected" : "tab",
        attrs: {
          role: "tab",
          "aria-selected": String(selected),
          "aria-controls": "editor",
          "aria-description": t("tabs.help"),
          tabindex: selected ? 0 : -1,
          draggable: "true",
          "data-id": doc.id,
          title: doc.name,
        },
        on: {
          click: () => this.events.choose(doc.id),
          auxclick: (event) => {
            if (event.button === 1) this.events.close(doc.id);
          },
          dblclick: () => this.rename(doc, tab),
          keydown: (event) => this.key(event, doc, tab),
          dragstart: (event) => {
            this.dragged = doc.id;
            event.dataTransfer?.setData("text/x-datacode-tab", doc.id);
          },
          dragover: (event) => {
            if (this.dragged) event.preventDefault();
          },
          drop: (event) => this.drop(event, doc),
          dragend: () => {
            this.dragged = "";
          },
        },
      },
      el("span", { class: "tab-name" }, doc.name),
      close,
    );
    return tab;
  }

  private drop(event: DragEvent, target: Doc): void {
    if (!this.dragged) return;
    event.preventDefault();
    event.stopPropagation();
    this.documents.move(this.dragged, this.place(target.id));
    this.dragged = "";
    this.events.changed();
    this.render();
  }

  private place(id: string): number {
    return this.documents.all.findIndex((doc) => doc.id === id);
  }

  private key(event: KeyboardEvent, doc: Doc, tab: HTMLElement): void {
    if (this.renaming) return;
    const place = this.place(doc.id);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && event.ctrlKey && event.shiftKey) {
      this.documents.move(doc.id, place + step);
      this.events.changed();
      this.render(true);
    } else if (step) {
      this.go(place + step);
    } else if (event.key === "Home") {
      this.go(0);
    } else if (event.key === "End") {
      this.go(this.documents.all.length - 1);
    } else if (event.key === "Delete") {
      this.events.close(doc.id);
      this.render(true);
    } else if (event.key === "F2" || event.key === "Enter") {
      this.rename(doc, tab);
    } else {
      return;
    }
    event.preventDefault();
  }

  private go(place: number): void {
    const count = this.documents.all.length;
    const doc = this.documents.all[(place + count) % count];
    if (!doc) return;
    this.events.choose(doc.id);
    this.render(true);
  }

  private rename(doc: Doc, tab: HTMLElement): void {
    const input = el("input", {
      class: "tab-rename",
      attrs: { type: "text", maxlength: 80, "aria-label": t("tabs.rename"), spellcheck: "false" },
    });
    input.value = doc.name;
    this.renaming = true;
    tab.draggable = false;
    fill(tab, input);
    input.select();
    input.focus();
    const finish = (keep: boolean): void => {
      if (!this.renaming) return;
      this.renaming = false;
      if (keep) {
        this.documents.rename(doc.id, input.value);
        this.events.changed();
      }
      this.render(true);
    };
    input.addEventListener("blur", () => finish(true));
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") finish(true);
      else if (event.key === "Escape") finish(false);
    });
  }
}
