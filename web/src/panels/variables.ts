/** The session's variables: name, type, size and the beginning of the value. */

import { el, fill } from "../dom";
import { hinted, live, named, number, say, t } from "../i18n";
import { icon } from "../icons";
import { announce } from "../announce";
import { type Variable, variablesOf } from "../protocol";
import { valueTypeName } from "../table/names";
import type { Insert, Panel, Request } from "./panel";

/** The beginning of a value; of a table its size, in the reader's language. */
function previewOf(variable: Variable): string {
  const size = /^Table\((\d+) rows, (\d+) columns\)$/.exec(variable.preview);
  if (!size || variable.type !== "table") return variable.preview;
  return t("table.label", { rows: Number(size[1]), columns: Number(size[2]) });
}

export class VariablesPanel implements Panel {
  readonly key = "variables";
  readonly title = "variables.title";
  readonly icon = "variables";
  readonly element: HTMLElement;
  private readonly list: HTMLElement;
  private variables: Variable[] | null = null;
  private visible = false;

  constructor(
    private readonly request: Request,
    private readonly insert: Insert,
    private readonly show: (name: string) => void,
    state: HTMLElement,
  ) {
    this.list = el("div", { class: "panel-list" });
    const refresh = named(
      el("button", { class: "icon-button", attrs: { type: "button" }, on: { click: () => void this.refresh() } }, icon("refresh")),
      "variables.refresh",
    );
    const reset = el(
      "button",
      { class: "small-button", attrs: { type: "button" }, on: { click: () => void this.reset() } },
      icon("trash"),
      say("variables.reset"),
    );
    hinted(reset, "variables.resetHelp");
    this.element = el("div", { class: "panel-body" }, el("div", { class: "panel-bar" }, reset, refresh), state, this.list);
    live(this.list, () => this.render());
  }

  shown = (): void => {
    this.visible = true;
    void this.refresh();
  };

  /** Asks for the variables anew, if anybody can see them. */
  async refresh(): Promise<void> {
    if (!this.visible) return;
    const answer = await this.request({ type: "inspect" });
    // What an expression at the end leaves behind is no variable that anybody has named.
    this.variables = answer?.success ? variablesOf(answer).filter(({ name }) => name !== "_") : null;
    this.render();
  }

  private async reset(): Promise<void> {
    const answer = await this.request({ type: "reset" });
    if (!answer) return;
    announce(answer.success ? t("variables.wasReset") : (answer.error ?? ""), !answer.success);
    await this.refresh();
  }

  private render(): void {
    if (!this.variables) {
      fill(this.list, el("p", { class: "panel-empty" }, t("panel.offline")));
    } else if (this.variables.length === 0) {
      fill(this.list, el("p", { class: "panel-empty" }, t("variables.none")));
    } else {
      fill(this.list, el("ul", { class: "variables" }, ...this.variables.map((variable) => this.row(variable))));
    }
  }

  private insertButton(name: string): HTMLElement {
    const label = t("variables.insert", { name });
    return el(
      "button",
      {
        class: "icon-button",
        attrs: { type: "button", "aria-label": label, title: label },
        on: { click: () => this.insert(name, name) },
      },
      icon("edit"),
    );
  }

  private row(variable: Variable): HTMLElement {
    const size = variable.size === null ? "" : ` · ${number(variable.size)}`;
    return el(
      "li",
      {},
      el(
        "button",
        {
          class: "variable",
          attrs: { type: "button", title: t("variables.show", { name: variable.name }) },
          on: { click: () => this.show(variable.name) },
        },
        el("span", { class: "variable-name" }, variable.name),
        el("span", { class: "variable-type" }, valueTypeName(variable.type) + size),
        el("span", { class: "variable-value" }, previewOf(variable)),
      ),
      this.insertButton(variable.name),
    );
  }
}
