/** Short messages: shown for a moment, and said by screen readers. */

import { el, fill } from "./dom";
import { live, t } from "./i18n";
import { icon } from "./icons";

const polite = el("div", { class: "off-screen", attrs: { role: "status", "aria-live": "polite" } });
const urgent = el("div", { class: "off-screen", attrs: { role: "alert", "aria-live": "assertive" } });
const toasts = live(el("div", { class: "toasts", attrs: { role: "region" } }), (node) => node.setAttribute("aria-label", t("toasts.label")));

/** The elements that the page must hold for announcements to work. */
export function announcers(): HTMLElement[] {
  return [polite, urgent, toasts];
}

/** Says something without showing it. */
export function speak(text: string, important = false): void {
  fill(important ? urgent : polite, text);
}

/** Shows a short message and says it; `action` is offered as a button. */
export function announce(
  text: string,
  important = false,
  action?: { name: string; run: () => void },
): void {
  speak(text, important);
  const toast = el("div", { class: important ? "toast bad" : "toast" }, icon(important ? "warning" : "check"), el("span", {}, text));
  if (action) {
    toast.append(
      el(
        "button",
        {
          class: "text-button",
          attrs: { type: "button" },
          on: {
            click: () => {
              toast.remove();
              action.run();
            },
          },
        },
        action.name,
      ),
    );
  }
  toasts.append(toast);
  while (toasts.children.length > 4) toasts.firstElementChild?.remove();
  setTimeout(() => toast.remove(), action ? 9000 : important ? 7000 : 3500);
}
