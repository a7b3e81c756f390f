/** A modal dialog with a title; Esc and the button close it, focus returns to where it was. */

import { el, freshId } from "./dom";
import { named, t } from "./i18n";
import { icon } from "./icons";

/** Shows the dialog and returns a function that closes it. */
export function openDialog(title: string | Node, body: HTMLElement, kind: "wide" | "narrow" = "narrow"): () => void {
  const before = document.activeElement as HTMLElement | null;
  const id = freshId("dialog");
  const dialog = el("dialog", { class: `dialog ${kind}`, attrs: { "aria-labelledby": id } });
  const close = (): void => dialog.close();
  dialog.append(
    el(
      "div",
      { class: "dialog-head" },
      el("h2", { id }, title),
      named(el("button", { class: "icon-button", attrs: { type: "button" }, on: { click: close } }, icon("close")), "close"),
    ),
    body,
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return close;
}

/** Asks before something that cannot be taken back; true where the reader wants it. */
export function confirmed(question: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = false;
    const button = (text: string, kind: string, value: boolean): HTMLElement =>
      el(
        "button",
        {
          class: `button ${kind}`,
          attrs: { type: "button" },
          on: {
            click: () => {
              answer = value;
              close();
            },
          },
        },
        text,
      );
    const no = button(t("cancel"), "", false);
    const body = el("div", { class: "form" }, el("div", { class: "form-buttons" }, button(yes, "danger", true), no));
    const close = openDialog(question, body);
    body.closest("dialog")?.addEventListener("close", () => resolve(answer));
    no.focus();
  });
}
