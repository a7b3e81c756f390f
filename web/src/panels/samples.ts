/** Programs to begin with; each opens in a tab of its own, ready to run. */

import { el, fill } from "../dom";
import { live, locale, t } from "../i18n";
import { samples } from "../samples";
import type { Panel } from "./panel";

export class SamplesPanel implements Panel {
  readonly key = "samples";
  readonly title = "samples.title";
  readonly icon = "samples";
  readonly element: HTMLElement;

  constructor(open: (name: string, code: string) => void) {
    const list = el("div", { class: "panel-list" });
    this.element = el("div", { class: "panel-body" }, list);
    live(list, () => {
      const rows = samples[locale()].map((sample) =>
        el(
          "li",
          {},
          el(
            "button",
            {
              class: "card",
              attrs: { type: "button", title: t("samples.open") },
              on: { click: () => open(sample.name, sample.code) },
            },
            el("span", { class: "card-title" }, sample.name),
            el("span", { class: "card-text" }, sample.about),
          ),
        ),
      );
      fill(list, el("ul", { class: "cards" }, ...rows));
    });
  }
}
