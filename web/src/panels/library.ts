/** The library: every function, found by name or by what it does; its examples open in a tab. */

import { el, fill } from "../dom";
import { live, named, t } from "../i18n";
import type { Library } from "../library";
import { markdown } from "../markdown";
import type { LibraryFunction } from "../protocol";
import type { Insert, Panel } from "./panel";

export class LibraryPanel implements Panel {
  readonly key = "library";
  readonly title = "library.title";
  readonly icon = "library";
  readonly element: HTMLElement;
  private readonly list = el("div", { class: "panel-list" });
  private readonly search: HTMLInputElement;
  private functions: LibraryFunction[] | null = null;

  constructor(
    private readonly library: Library,
    private readonly insert: Insert,
    private readonly open: (name: string, code: string) => void,
  ) {
    this.search = named(el("input", { class: "library-search", attrs: { type: "search", spellcheck: "false" } }), "library.search");
    live(this.search, () => this.search.setAttribute("placeholder", t("library.search")));
    this.search.addEventListener("input", () => this.render());
    this.element = el("div", { class: "panel-body" }, el("div", { class: "panel-bar" }, this.search), this.list);
    live(this.list, () => void this.read());
  }

  shown = (): void => void this.read();

  private async read(): Promise<void> {
    if (!this.element.isConnected) return;
    this.functions = await this.library.all();
    this.render();
  }

  private render(): void {
    if (!this.functions) {
      fill(this.list, el("p", { class: "panel-empty" }, t("panel.offline")));
      return;
    }
    const found = matching(this.functions, this.search.value);
    if (found.length === 0) fill(this.list, el("p", { class: "panel-empty" }, t("library.none")));
    else fill(this.list, el("ul", { class: "library" }, ...found.map((entry) => el("li", {}, this.entry(entry)))));
  }

  private entry(entry: LibraryFunction): HTMLElement {
    const [first] = entry.documentation.split("\n\n", 1);
    const details = el(
      "details",
      { class: "library-entry" },
      el("summary", {}, el("span", { class: "variable-name" }, entry.name), el("span", { class: "card-text" }, first!.replaceAll("`", ""))),
    );
    details.addEventListener("toggle", () => {
      if (!details.open || details.children.length > 1) return;
      const put = el("button", { class: "small-button", attrs: { type: "button" } }, t("library.insert"));
      put.addEventListener("click", () => this.insert(`${entry.name}(`, entry.name));
      details.append(
        el("div", { class: "function-card" }, el("p", { class: "function-call" }, entry.signature), ...markdown(entry.documentation, (code) => this.example(entry.name, code)), put),
      );
    });
    return details;
  }

  private example(name: string, code: string): HTMLElement {
    const button = el("button", { class: "small-button", attrs: { type: "button" } }, t("library.open"));
    button.addEventListener("click", () => this.open(name, `${code}\n`));
    return el("div", {}, el("pre", {}, code), button);
  }
}

/** The functions with all the words; those first whose name has them. */
export function matching(functions: readonly LibraryFunction[], text: string): LibraryFunction[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (entry: LibraryFunction): number => {
    const names = [entry.name, ...entry.aliases].join(" ").toLowerCase();
    if (words.every((word) => names.includes(word))) return 0;
    const all = `${names} ${entry.family} ${entry.documentation}`.toLowerCase();
    return words.every((word) => all.includes(word)) ? 1 : 2;
  };
  const ranked = functions.map((entry) => [rank(entry), entry] as const).filter(([place]) => place < 2);
  return ranked.sort(([one], [other]) => one - other).map(([, entry]) => entry);
}
